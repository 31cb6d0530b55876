"""Darkness and noise: which pictures are changed, what comes of them, and the faces of the demo in both."""

import cv2
import numpy as np
import pytest

from edge import Analyzer
from edge.contract import crop_face
from edge.settings import DEFAULT_GRAYNET
from edge.vision.bad_light import (
    BRIGHT_LEVEL,
    COPY_DETAIL,
    DARK_LEVEL,
    brightened,
    clear_copy,
    clear_crop,
    denoised,
    is_noisy,
)
from edge.vision.detection import GrayNet


def with_noise(gray: np.ndarray, deviation: float, seed: int = 0) -> np.ndarray:
    """Grainy, as a camera's noise is that was compressed or scaled."""
    grain = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, gray.shape), (0, 0), 0.7)
    return np.clip(gray + grain * (deviation / grain.std()), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (17, 31), (288, 384)])
def test_a_clear_picture_is_left_as_it_is(shape: tuple[int, int]) -> None:
    slope = 50 + np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 200
    for gray in (np.full(shape, 128, np.uint8), slope.astype(np.uint8)):
        assert clear_copy(gray) is gray
        assert clear_crop(gray) is gray


def test_frames_and_crops_of_the_demo_are_left_as_they_are(demo_frames: list[np.ndarray]) -> None:
    detector = GrayNet.load(DEFAULT_GRAYNET)
    for frame in demo_frames:
        assert clear_copy(frame) is frame
        for face in detector.detect(frame):
            crop = crop_face(frame, face.box_xywh, detector.geometry, face.eyes)
            assert clear_crop(crop) is crop


@pytest.mark.parametrize("level", [0, 1, 5, 20, 39, 40, 41, 128, 255])
def test_only_a_dark_picture_is_made_brighter(level: int) -> None:
    gray = np.full((30, 40), level, np.uint8)
    gray[0, 0] = 255
    after = brightened(gray)
    assert after[0, 0] == 255
    if level >= DARK_LEVEL:
        assert after is gray
    else:
        assert level <= after[-1, -1] <= BRIGHT_LEVEL + 1


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


def test_the_faces_of_the_demo_are_found_and_named_in_the_dark(demo_frames: list[np.ndarray]) -> None:
    analyzer = Analyzer()
    for frame in demo_frames:
        bright = analyzer.analyze(frame)
        dark = analyzer.analyze(frame // 20)  # five gray levels at a face
        assert [face.emotion for face in dark] == [face.emotion for face in bright]
        assert [face.box_xywh for face in dark] == [pytest.approx(face.box_xywh, abs=16) for face in bright]
