"""`from edge import Analyzer`, as README shows it."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

import edge
from edge import Analyzer, EdgeError
from edge.results import FaceEmotion
from edge.settings import PROJECT
from tests.program import environment


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer()


def test_the_readme_s_lines_run_as_they_stand(tmp_path: Path, demo_frames: list[np.ndarray]) -> None:
    [snippet] = re.findall(r"```python\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    assert "from edge import Analyzer" in snippet
    cv2.imwrite(str(tmp_path / "photo.jpg"), demo_frames[0])
    command = [sys.executable, "-c", snippet]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("happy 0.")


def test_importing_edge_loads_nothing_heavy() -> None:
    code = "import edge, sys; print(*sorted({'cv2', 'numpy', 'msgspec', 'ai_edge_litert'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_name_that_edge_offers_is_there() -> None:
    for name in edge.__all__:
        assert getattr(edge, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Analyser'"):
        edge.Analyser  # noqa: B018


def test_the_shipped_models_tell_the_demos_faces_apart(analyzer: Analyzer, demo_frames: list[np.ndarray]) -> None:
    shown = [[face.emotion for face in analyzer.analyze(frame)] for frame in demo_frames]
    assert shown == [["happy"]] * 2 + [["neutral"]] * 2 + [["neutral", "happy"]] * 2


def test_gray_and_colour_give_the_same_face(analyzer: Analyzer, demo_frames: list[np.ndarray]) -> None:
    gray = demo_frames[0]
    [one] = analyzer.analyze(gray)
    [other] = analyzer.analyze(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR))
    assert one.emotion == other.emotion == "happy"
    assert one.box_xywh == other.box_xywh
    assert np.array_equal(one.probabilities, other.probabilities)


def test_without_a_time_each_frame_stands_for_itself(analyzer: Analyzer, demo_frames: list[np.ndarray]) -> None:
    dimmed = (demo_frames[0] * 0.6).astype(np.uint8)
    alone = analyzer.analyze(dimmed)[0].probabilities
    analyzer.analyze(demo_frames[0])
    assert np.array_equal(analyzer.analyze(dimmed)[0].probabilities, alone)


def test_with_a_time_a_face_keeps_its_number_and_settles(analyzer: Analyzer, demo_frames: list[np.ndarray]) -> None:
    dimmed = (demo_frames[0] * 0.6).astype(np.uint8)
    alone = analyzer.analyze(dimmed)[0].probabilities
    analyzer.restart()
    [first] = analyzer.analyze(demo_frames[0], time_s=100.0)
    [second] = analyzer.analyze(dimmed, time_s=100.1)
    assert second.track == first.track
    assert not np.array_equal(second.probabilities, alone)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (None, "found None; cv2.imread"),
        ([[0, 0]], "found list"),
        (np.zeros((48, 48)), "found an array of float64"),
        (np.zeros((48, 48, 4), np.uint8), r"found shape \(48, 48, 4\)"),
        (np.zeros((0, 48), np.uint8), r"found shape \(0, 48\)"),
        (np.zeros(48, np.uint8), r"found shape \(48,\)"),
    ],
)
def test_what_is_no_frame_is_refused_with_what_was_expected(analyzer: Analyzer, frame: object, words: str) -> None:
    with pytest.raises(EdgeError, match=words):
        analyzer.analyze(frame)  # type: ignore[arg-type]


def test_threads_that_share_one_get_the_faces_of_their_own_photos(
    analyzer: Analyzer, demo_frames: list[np.ndarray]
) -> None:
    whole = demo_frames[0]
    pair = demo_frames[4]
    photos = [whole, pair, whole[:, ::-1].copy(), whole[:400, 100:500].copy(), np.zeros((90, 160), np.uint8)]
    expected = [described(analyzer.analyze(photo)) for photo in photos]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: described(analyzer.analyze(photos[number % 5])), range(60)))
    assert found == [expected[number % 5] for number in range(60)]


def test_threads_that_share_a_video_lose_no_face(analyzer: Analyzer, demo_frames: list[np.ndarray]) -> None:
    analyzer.restart()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: analyzer.analyze(demo_frames[0], time_s=5.0), range(20)))
    assert [[face.track for face in faces] for faces in found] == [[1]] * 20


def described(faces: list[FaceEmotion]) -> list[tuple[object, ...]]:
    return [(face.track, face.emotion, face.box_xywh, face.probabilities.tolist()) for face in faces]


def test_settings_come_from_a_file(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("[classifier]\nmodel = 'none.tflite'\n")
    with pytest.raises(EdgeError, match="no such model"):
        Analyzer(config)
