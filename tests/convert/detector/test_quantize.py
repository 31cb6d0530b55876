"""From a trained face detector to the pair of files that GrayNet runs, and how detectors are evaluated."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from convert.detector import evaluate as detectors
from convert.detector.quantize import Quantized, calibration_frames, quantize_detector
from convert.quantization.tflite import check_int8
from edge.contract import CropGeometry
from edge.errors import ModelError, UsageError
from edge.vision.detection import Face, GrayNet
from tests.synthetic import write_csv, write_photos
from train.data.faces import Faces
from train.detector.network import COPY_SHAPE, detector
from train.detector.photos import Photo, load
from train.errors import DataError, NetworkError
from train.network.export import plain

CROP = CropGeometry(side=1.2, shift_x=0.0, shift_y=-0.1)
PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fresh weights: what is tested here is the way, not where it leads."""
    keras.utils.set_random_seed(1)
    path = tmp_path_factory.mktemp("run") / "model.keras"
    plain(detector(COPY_SHAPE)).save(path)
    return path


@pytest.fixture(scope="module")
def shipped(model: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Quantized]:
    out = tmp_path_factory.mktemp("models") / "face_int8.tflite"
    return out, quantize_detector(model, photos, out, crop=CROP)


def test_the_pair_is_int8_throughout_and_says_what_it_was_judged_on(shipped: tuple[Path, Quantized]) -> None:
    path, done = shipped
    assert done.operators == check_int8(path.read_bytes())
    assert {"CONV_2D", "DEPTH_TO_SPACE", "LOGISTIC"} <= set(done.operators)
    net = GrayNet.load(path)
    assert net.manifest.figures == done.figures
    assert (done.figures["faces"], done.figures["face_free_photos"]) == (8, 4)
    assert net.manifest.training == {}  # it lies in no run folder
    assert net.manifest.threshold == done.threshold
    assert net.geometry == net.manifest.crop == CROP


@pytest.mark.parametrize("shape", [(240, 320), (320, 240), (213, 320)])
def test_the_integers_say_what_the_float_network_says(
    shipped: tuple[Path, Quantized], model: Path, shape: tuple[int, int]
) -> None:
    """On a frame of any shape: the float network is built anew for it, the int8 file is resized."""
    gray = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    height, width = (side + -side % 16 for side in shape)
    padded = np.pad(gray, ((0, height - shape[0]), (0, width - shape[1])), mode="edge")
    network = keras.models.load_model(model)
    flexible = keras.models.clone_model(network, input_tensors=keras.Input((height, width, 1)))
    flexible.set_weights(network.get_weights())
    expected = flexible.predict(padded[np.newaxis, ..., np.newaxis].astype(np.float32), verbose=0)["scores"][0, ..., 0]
    net = GrayNet.load(shipped[0], threshold=1 / 256, min_face_px=1)
    found = {face.box_xywh: face.score for face in net.detect(gray)}
    assert found, "a fresh network says 0.01 everywhere"
    assert max(found.values()) == pytest.approx(expected.max(), abs=0.02)


def test_calibration_frames_are_the_same_each_time(photos: Path) -> None:
    first, second = (calibration_frames(load(photos).training, 3, seed=5) for _ in range(2))
    assert first.shape == (3, *COPY_SHAPE[:2]) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)


def test_refusals_leave_nothing_behind(model: Path, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.tflite"):
        quantize_detector(model, photos, tmp_path / "face.onnx")
    with pytest.raises(DataError, match=r"boxes\.csv"):
        quantize_detector(model, tmp_path, tmp_path / "face.tflite")
    with pytest.raises(NetworkError, match="no such file"):
        quantize_detector(tmp_path / "none.keras", photos, tmp_path / "face.tflite")
    with pytest.raises(ModelError, match="a loss of at most"):
        quantize_detector(model, photos, tmp_path / "face.tflite", crop=CROP, max_loss=-1.0)
    with pytest.raises(UsageError, match="lies in no run folder; add --data, FER2013"):
        quantize_detector(model, photos, tmp_path / "face.tflite")
    blank = write_csv(tmp_path / "blank.csv", {"Training": Faces(np.zeros((7, 48, 48), np.uint8), np.arange(7))})
    with pytest.raises(DataError, match=r"graynet found none of 7 faces"):
        quantize_detector(model, photos, tmp_path / "face.tflite", str(blank))
    blank.unlink()
    assert list(tmp_path.iterdir()) == []


class Known:
    """Finds what it is told to."""

    def __init__(self, faces: list[Face]) -> None:
        self._faces = faces

    def detect(self, frame_gray: np.ndarray) -> list[Face]:
        return self._faces if frame_gray.any() else []


def test_the_eyes_error_is_in_distances_between_the_eyes() -> None:
    """Eyes 20 px apart, each found 1 px too low; the person's right eye is on the picture's left."""
    box = (100.0, 100.0, 50.0, 50.0)
    landmarks = np.array([[110, 120, 130, 120, 120, 130, 112, 140, 128, 140]], np.float32)
    photo = Photo(Path("x"), np.ones((240, 320), np.uint8), np.array([box], np.float32), np.ones(1), landmarks)
    empty = Photo(Path("y"), np.zeros((240, 320), np.uint8), np.zeros((0, 4)), np.zeros(0), np.zeros((0, 10)))
    face = Face(box, 0.9, ((110.0, 121.0), (130.0, 121.0)))
    result = detectors.evaluate(Known([face]), [photo, empty])
    assert result.eye_error == pytest.approx(0.05)
    assert (result.strict.recall(0.5), result.strict.false_alarms(0.5)) == (1, 0)


def test_the_command_prints_a_row_for_each_detector(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    picture = tmp_path / "recall.png"
    command = [sys.executable, "-m", "convert", "evaluate-detector", "--photos", photos, "--yunet", "none"]
    done = subprocess.run([*command, "--json", out, "--picture", picture], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [row["detector"] for row in json.loads(out.read_text())] == ["graynet", "haar"]
    assert picture.stat().st_size > 10_000
