"""Whatever goes wrong, the message says what to do: each error of ours is made with a remedy."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cameras.media.ffmpeg import DamagedFileError
from train.errors import DataError

PROJECT = Path(__file__).parent.parent
OURS = {
    *("EdgeError", "UsageError", "SettingsError", "ModelError", "CameraError", "LogError"),
    *("DataError", "ConfigError", "RunError", "NetworkError", "WorkerLostError"),
    *("DamagedFileError", "DeployError"),
}
TOLD_ALREADY = {"DamagedFileError(self._problems.pop(0))"}  # words of an error that was caught


def made_errors(path: Path) -> Iterator[ast.Call]:
    """Each call in `path` that makes one of our errors."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in OURS:
            yield node


@pytest.mark.parametrize("folder", ["edge", "train", "convert"])
def test_each_error_says_what_to_do(folder: str) -> None:
    for path in (PROJECT / folder).rglob("*.py"):
        for call in made_errors(path):
            has_remedy = len(call.args) > 1 or any(isinstance(argument, ast.Starred) for argument in call.args)
            assert has_remedy or ast.unparse(call) in TOLD_ALREADY, f"{path}:{call.lineno}"


@pytest.mark.parametrize("kind", [DamagedFileError, DataError])
def test_an_error_has_one_line_for_a_log_and_two_for_a_terminal(
    kind: type[DamagedFileError] | type[DataError],
) -> None:
    error = kind("a.csv: no such file", "give another")
    assert str(error) == "a.csv: no such file; give another"
    assert error.lines == "a.csv: no such file\n   -> give another"
    assert kind("stopped").lines == str(kind("stopped")) == "stopped"
