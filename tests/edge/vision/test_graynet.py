"""The shipped detector of our own: what it refuses, and frames of every shape."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contract import CropGeometry
from edge.errors import ModelError
from edge.settings import DEFAULT_GRAYNET, DEFAULT_MODEL
from edge.vision.detection import GrayNet
from edge.vision.detection.graynet import blended
from edge.vision.runtime import RUNTIMES
from tests.program import change_manifest, needs


@pytest.fixture
def detector() -> GrayNet:
    return GrayNet.load(DEFAULT_GRAYNET)


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_both_runtimes_find_the_same(runtime: str, detector: GrayNet, demo_frames: list[np.ndarray]) -> None:
    needs(runtime)
    other = GrayNet.load(DEFAULT_GRAYNET, runtime=runtime)  # type: ignore[arg-type]
    assert other.runtime == runtime
    for frame in demo_frames:
        expected, found = ([face.box_xywh for face in one.detect(frame)] for one in (detector, other))
        assert found == [pytest.approx(box, abs=4) for box in expected]  # two steps of int8 are 2 % of a side


def test_xnnpack_runs_it_whatever_the_frames_shape(detector: GrayNet) -> None:
    for shape in ((480, 640), (640, 480), (48, 48), (480, 640)):
        detector.detect(np.zeros(shape, np.uint8))
        assert detector.accelerated


@pytest.mark.parametrize("cut", [(0, 0), (1, 1), (7, 30), (100, 3)])
def test_frames_that_fit_no_grid_are_padded(
    cut: tuple[int, int], detector: GrayNet, demo_frames: list[np.ndarray]
) -> None:
    frame = demo_frames[0]
    [whole] = detector.detect(frame)
    height = frame.shape[0] - cut[0]
    width = frame.shape[1] - cut[1]
    [face] = detector.detect(frame[:height, :width])  # rows with a gap between them, as a camera's Y plane has
    assert face.box_xywh == pytest.approx(whole.box_xywh, abs=16)  # another scale of the copy: a cell is 16 px here


def test_a_frame_upright_after_one_across_is_seen_as_if_alone(detector: GrayNet, demo_frames: list[np.ndarray]) -> None:
    across = demo_frames[0]
    upright = np.asarray(cv2.copyMakeBorder(across[:, :480], 80, 80, 0, 0, cv2.BORDER_REPLICATE), np.uint8)
    alone = GrayNet.load(DEFAULT_GRAYNET).detect(upright)
    before = detector.detect(across)
    assert detector.detect(upright) == alone
    assert detector.detect(across) == before


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (16, 16), (37, 111)])
def test_strange_frames_hold_no_face(shape: tuple[int, int], detector: GrayNet) -> None:
    assert detector.detect(np.full(shape, 128, np.uint8)) == []


def test_small_faces_are_left_out(demo_frames: list[np.ndarray]) -> None:
    assert not GrayNet.load(DEFAULT_GRAYNET, min_face_px=400).detect(demo_frames[0])


def test_a_file_that_is_missing_damaged_or_anothers_is_refused(face_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model"):
        GrayNet.load(tmp_path / "none.tflite")
    with pytest.raises(ModelError, match="not a valid manifest"):
        GrayNet.load(DEFAULT_MODEL)
    face_model.write_bytes(face_model.read_bytes()[:-1])
    with pytest.raises(ModelError, match="sha256 does not match"):
        GrayNet.load(face_model)


def test_a_manifest_with_other_scales_than_the_files_is_refused(face_model: Path) -> None:
    tensors = {
        name: {"shape": [1, 30, 40, n], "dtype": "int8", "scale": 0.5, "zero_point": 0}
        for name, n in (("scores", 1), ("boxes", 4), ("landmarks", 10))
    }
    change_manifest(face_model, outputs=tensors)
    with pytest.raises(ModelError, match="tensor is"):
        GrayNet.load(face_model)


def test_the_crop_is_the_manifests_own(face_model: Path) -> None:
    change_manifest(face_model, crop={"side": 1.3, "shift_x": 0.0, "shift_y": 0.1})
    assert GrayNet.load(face_model).geometry == CropGeometry(1.3, 0.0, 0.1)


@pytest.mark.parametrize(
    "crop", [{"side": 0.0, "shift_x": 0.0, "shift_y": 0.0}, {"side": 1.0, "shift_x": 1e300, "shift_y": 0.0}]
)
def test_a_crop_that_lies_nowhere_near_the_face_is_refused(crop: dict[str, float], face_model: Path) -> None:
    change_manifest(face_model, crop=crop)
    with pytest.raises(ModelError, match=r"crop does not match: this program needs a side of 0\.2 to 5"):
        GrayNet.load(face_model)


def test_another_network_under_a_fitting_manifest_is_refused(face_model: Path) -> None:
    face_model.write_bytes(DEFAULT_MODEL.read_bytes())
    change_manifest(face_model, sha256=hashlib.sha256(DEFAULT_MODEL.read_bytes()).hexdigest())
    with pytest.raises(ModelError, match=r"expected outputs .+ found \[7\]"):
        GrayNet.load(face_model)


def test_what_several_cells_say_of_one_face_is_averaged_by_their_scores() -> None:
    one, other, elsewhere = (
        [0, 0, 100, 100, 30, 40, 70, 40],
        [8, 0, 100, 100, 34, 44, 70, 40],
        [300, 0, 100, 100, *[0] * 4],
    )
    places = np.array([one, other, elsewhere], np.float64)
    scores = np.array([0.9, 0.3, 0.8])
    assert blended(places, scores, best=0).tolist() == pytest.approx([2, 0, 100, 100, 31, 41, 70, 40])
    assert blended(places, scores, best=2).tolist() == elsewhere


@pytest.mark.parametrize(("shift", "blur_px"), [(-20, 0), (20, 0), (0, 2)])
def test_a_weak_box_that_blending_moves_onto_a_face_is_that_face(
    shift: float, blur_px: float, detector: GrayNet, demo_frames: list[np.ndarray]
) -> None:
    """Each of these was two faces, one on the other."""
    x, y, width, height = detector.detect(demo_frames[3])[0].box_xywh
    zoom = 2.2 if blur_px else 1.8
    centre_x = x + width / 2
    centre_y = y + height / 2
    matrix = np.array([[zoom, 0, 320 - zoom * centre_x + shift], [0, zoom, 240 - zoom * centre_y]], np.float32)
    large = cv2.warpAffine(demo_frames[3], matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    frame = cv2.GaussianBlur(large, (0, 0), blur_px) if blur_px else large
    assert len(detector.detect(np.asarray(frame, np.uint8))) == 1


def filling(frame: np.ndarray, detector: GrayNet, share: float) -> np.ndarray:
    """The part of `frame` whose height is its face's, over `share`, enlarged to the frame's size."""
    x, y, width, height = detector.detect(frame)[0].box_xywh
    rows = height / share
    middle_x, middle_y = x + width / 2, y + height / 2
    size = (round(rows * 4 / 3), round(rows))
    part = cv2.getRectSubPix(frame, size, (middle_x, middle_y))
    return np.asarray(cv2.resize(part, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 1.0])
def test_a_face_is_found_however_much_of_the_frame_it_fills(
    share: float, detector: GrayNet, demo_frames: list[np.ndarray]
) -> None:
    [face] = detector.detect(filling(demo_frames[0], detector, share))
    x, y, width, height = face.box_xywh
    assert (x + width / 2, y + height / 2) == pytest.approx((320, 240), abs=60)
    assert height == pytest.approx(480 * share, rel=0.25)
    assert face.eyes is not None


def test_where_a_face_is_found_the_frame_is_not_searched_again(
    detector: GrayNet, demo_frames: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector, "_coarse_cells", None)
    assert detector.detect(demo_frames[0])


def test_a_frame_in_which_nothing_hints_at_a_large_face_is_not_searched_again(
    detector: GrayNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (480, 640), dtype=np.uint8)
    frame = np.asarray(cv2.GaussianBlur(noise, (0, 0), 8), np.uint8)
    monkeypatch.setattr(detector, "_coarse_cells", None)
    assert detector.detect(frame) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 640), (480, 1), (2, 2), (3, 1000)])
def test_frames_of_a_pixel_or_two_hold_no_face(shape: tuple[int, int], detector: GrayNet) -> None:
    assert detector.detect(np.zeros(shape, np.uint8)) == []
