import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.commands.benchmark import memory_mb, summary
from edge.commands.doctor.findings import Machine
from edge.settings import shipped_models
from tests.program import Program, errors


def test_table_and_json_tell_the_same(program: Program, tmp_path: Path) -> None:
    done = program("benchmark", "--seconds", 1, "--json", "out.json")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "out.json").read_text())
    stages = figures["milliseconds"]
    assert list(stages) == ["read", "analyze", "detect", "crop", "classify", "log"]
    assert all(0 < stage["median"] <= stage["p95"] for stage in stages.values())
    assert stages["crop"]["n"] == stages["classify"]["n"] >= stages["detect"]["n"] == stages["log"]["n"]
    assert figures["frame_px"] == [640, 480]
    assert f"{figures['frames_per_second']:.1f} frames/s flat out" in done.stdout
    assert list(tmp_path.glob("logs/*")) == []  # its own log is gone again
    assert list(figures["models"]) == list(shipped_models())
    assert "this device can afford" in done.stdout.splitlines()[-1]
    assert "15 frames a second" in done.stdout.splitlines()[-1]


def test_a_folder_without_a_face_is_measured_again_and_again(program: Program, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    cv2.imwrite(str(tmp_path / "empty/gray.png"), np.full((120, 160), 128, np.uint8))
    done = program("benchmark", "--seconds", 1, "--source", "empty", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "out.json").read_text())
    assert figures["frame_px"] == [160, 120]
    assert figures["faces_per_frame"] == 0
    assert "classify" not in figures["milliseconds"]
    assert figures["models"] == {}
    assert "no face in these frames" in done.stdout
    assert figures["milliseconds"]["detect"]["n"] > 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--seconds", "0"], 2, "expected 1 to 3600"),
        (["--seconds", "nan"], 2, "expected 1 to 3600"),
        (["--source", "none.mp4"], 2, "no such file or folder"),
        (["--source", "."], 2, "no images"),
        (["--config", "none.toml"], 78, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(program: Program, arguments: list[str], code: int, words: str) -> None:
    done = program("benchmark", *arguments)
    assert done.returncode == code, done.stderr
    assert words in "".join(errors(done))


def test_summary_and_memory(tmp_path: Path) -> None:
    assert summary([1.0] * 19 + [21.0]) == {"median": 1.0, "p95": 2.0, "n": 20}
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/status").write_text("Name:\tpython\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n")
    assert memory_mb(Machine(tmp_path)) == {"resident": 100.0, "peak": 200.0}
