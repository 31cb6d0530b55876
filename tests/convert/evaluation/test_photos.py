"""The whole way on whole photos: of the demo, as every checkout has it."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.evaluation.photos import PhotoTally, SeeingClassifier, add_photo, evaluate_photos
from convert.evaluation.tables import photos_table
from edge.cameras import DEMO
from edge.cameras.media.files import VideoFile
from edge.contract import LABELS, crop_face
from edge.errors import UsageError
from edge.settings import DEFAULT_MODEL, PROJECT, Settings
from edge.vision.pipeline import Pipeline
from train.errors import DataError


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A happy one, one of two people, the larger neutral, one called sad that is not, and one without a face."""
    folder = tmp_path_factory.mktemp("photos")
    with VideoFile(DEMO) as video:
        frames = [frame.gray for frame in iter(video.read, None)][::30]
    shown = {"Happy/one": frames[0], "neutral/two": frames[4], "sadness/smiling": frames[1]}
    shown["neutral/empty"] = np.full((300, 400), 90, np.uint8)
    for name, frame in shown.items():
        path = folder / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), frame)
    (folder / "Happy" / "cut.jpg").write_bytes(cv2.imencode(".jpg", frames[0])[1].tobytes()[:2000])
    (folder / "Happy" / "notes.txt").write_text("taken in May")
    (folder / "Happy" / ".DS_Store").write_bytes(b"\0")
    return folder


def test_found_right_and_wrong_are_counted_and_the_mistakes_named(photos: Path, tmp_path: Path) -> None:
    result = evaluate_photos(DEFAULT_MODEL, photos, tmp_path / "mistakes.png")
    assert (result["photos"], result["found"], result["n"]) == (4, 3, 3)
    assert result["accuracy"] == pytest.approx(2 / 3)
    assert result["accuracy_of_photos"] == 0.5
    assert result["balanced_accuracy"] == pytest.approx(2 / 3)  # happy and neutral all, sad none
    assert result["several_faces"] == 1
    assert result["confusion"][4][3] == 1  # sad, named happy
    named = {(Path(one["file"]).name, one["label"], one["emotion"]) for one in result["mistakes"]}
    assert named == {("smiling.png", "sad", "happy"), ("empty.png", "neutral", None)}
    assert len(result["unread"]) == 2
    assert any("cut.jpg" in line for line in result["unread"])
    assert cv2.imread(str(tmp_path / "mistakes.png")) is not None
    json.dumps(result)
    fear = next(line for line in photos_table(result).splitlines() if line.startswith("fear"))
    assert fear.split() == ["fear", "-", "0"], "nobody knows how well fear is told without a face of it"


def test_the_command_prints_the_figures_and_writes_them(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    done = run("--photos", photos, "--json", out)
    assert done.returncode == 0, done.stderr
    assert "4 photos: a face found in 3 (75.0%), named right in 50.00% of all" in done.stdout
    assert "2 files were not read, the first: " in done.stdout
    assert json.loads(out.read_text())["found"] == 3


def test_photos_without_any_face_have_no_accuracy(tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    cv2.imwrite(str(tmp_path / "happy" / "wall.png"), np.full((300, 400), 90, np.uint8))
    done = run("--photos", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a face found in 0 (0.0%)" in done.stdout


def test_the_sheet_shows_what_the_network_saw_upright(photos: Path, tmp_path: Path) -> None:
    turned = tmp_path / "photos" / "sad"
    turned.mkdir(parents=True)
    photo = cv2.imread(str(photos / "Happy" / "one.png"), cv2.IMREAD_GRAYSCALE)
    height, width = photo.shape
    tilt = cv2.getRotationMatrix2D((width / 2, height / 2), 20, 1.0)
    cv2.imwrite(
        str(turned / "tilted.png"), cv2.warpAffine(photo, tilt, (width, height), borderMode=cv2.BORDER_REPLICATE)
    )
    tally = PhotoTally(LABELS)
    classifier = SeeingClassifier.load(DEFAULT_MODEL)
    pipeline = Pipeline.from_settings(Settings())
    pipeline.classifier = classifier
    add_photo(turned / "tilted.png", LABELS.index("sad"), pipeline, classifier, tally)
    [mistake] = tally.mistakes
    assert np.array_equal(mistake["crop"], classifier.first_crop)
    level = crop_of(photo, pipeline)
    as_it_lies = crop_of(cv2.imread(str(turned / "tilted.png"), cv2.IMREAD_GRAYSCALE), pipeline)
    assert likeness(mistake["crop"], level) > likeness(as_it_lies, level) + 0.1


def crop_of(photo: np.ndarray, pipeline: Pipeline) -> np.ndarray:
    """The face as it lies in the photo, not turned."""
    return crop_face(photo, pipeline.analyze(photo)[0].box_xywh, pipeline.detector.geometry)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--photos", "here", "--data", "fer2013.csv"), "not allowed with argument"),
        ((), "one of the arguments --data --photos is required"),
        (("--photos", "here", "--predictions", "a.csv"), "--predictions goes with --data"),
        (("--data", "fer2013.csv", "--sheet", "a.png"), "--sheet goes with --photos"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(arguments: tuple[str, ...], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr


def test_folders_that_are_no_emotions_and_other_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        evaluate_photos(DEFAULT_MODEL, tmp_path / "none")
    with pytest.raises(DataError, match="no photos; make folders named as emotions or as the model's labels"):
        evaluate_photos(DEFAULT_MODEL, tmp_path)
    with pytest.raises(UsageError, match=r"expected a \.tflite file"):
        evaluate_photos(tmp_path / "model.keras", tmp_path)
    (tmp_path / "hapy").mkdir()
    with pytest.raises(DataError, match="is it 'happy'"):
        evaluate_photos(DEFAULT_MODEL, tmp_path)
    (tmp_path / "hapy").rename(tmp_path / "happy")
    (tmp_path / "happy" / "notes.txt").write_text("none yet")
    with pytest.raises(DataError, match=r"no photo that can be read; .*notes\.txt"):
        evaluate_photos(DEFAULT_MODEL, tmp_path)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "convert", "evaluate", str(DEFAULT_MODEL), *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
