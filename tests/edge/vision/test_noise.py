"""Noise at night: what counts as noisy, what is left of it, and the faces of the demo in it."""

import cv2
import numpy as np
import pytest

from edge import Analyzer
from edge.contract import crop_face
from edge.settings import DEFAULT_GRAYNET
from edge.vision.detection import GrayNet
from edge.vision.noise import COPY_DETAIL, CROP_DETAIL, denoised, is_noisy


def with_noise(gray: np.ndarray, deviation: float, seed: int = 0) -> np.ndarray:
    """Grainy, as a camera's noise is that was compressed or scaled."""
    grain = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, gray.shape), (0, 0), 0.7)
    return np.clip(gray + grain * (deviation / grain.std()), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (17, 31), (288, 384)])
def test_a_clear_picture_is_left_as_it_is(shape: tuple[int, int]) -> None:
    slope = np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 200
    for gray in (np.zeros(shape, np.uint8), slope.astype(np.uint8)):
        assert denoised(gray, COPY_DETAIL) is gray


def test_frames_and_crops_of_the_demo_are_left_as_they_are(demo_frames: list[np.ndarray]) -> None:
    detector = GrayNet.load(DEFAULT_GRAYNET)
    for frame in demo_frames:
        assert not is_noisy(frame, COPY_DETAIL)
        for face in detector.detect(frame):
            assert not is_noisy(crop_face(frame, face.box_xywh, detector.geometry, face.eyes), CROP_DETAIL)


@pytest.mark.parametrize(("deviation", "noisy"), [(1.0, False), (2.0, False), (3.5, True), (10.0, True), (60.0, True)])
def test_noise_counts_from_a_deviation_of_two_to_three_gray_levels(deviation: float, noisy: bool) -> None:
    noise = np.random.default_rng(0).normal(128, deviation, (288, 384))
    assert is_noisy(np.clip(np.rint(noise), 0, 255).astype(np.uint8), COPY_DETAIL) is noisy


@pytest.mark.parametrize("deviation", [8.0, 20.0, 40.0])
def test_most_noise_goes_and_edges_stay(deviation: float) -> None:
    clear = np.full((96, 128), 60, np.uint8)
    clear[:, 64:] = 190
    noisy = with_noise(clear, deviation)
    result = denoised(noisy, COPY_DETAIL)
    left = result.astype(float) - clear
    assert left[:, :60].std() < 0.7 * (noisy.astype(float) - clear)[:, :60].std()
    assert result[:, 66:].mean() - result[:, :62].mean() > 110


def test_the_faces_of_the_demo_are_found_and_named_in_noise(demo_frames: list[np.ndarray]) -> None:
    analyzer = Analyzer()
    for seed, frame in enumerate(demo_frames):
        clear = analyzer.analyze(frame)
        noisy = analyzer.analyze(with_noise(frame, 30, seed))
        assert [face.emotion for face in noisy] == [face.emotion for face in clear]
        assert [face.box_xywh for face in noisy] == [pytest.approx(face.box_xywh, abs=16) for face in clear]
