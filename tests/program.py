"""Run the real program in a process of its own, and read what it says."""

import importlib.util
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.settings import PROJECT
from edge.vision.runtime import RUNTIMES

Program = Callable[..., subprocess.CompletedProcess[str]]
"""what the fixture `program` gives: takes the arguments of `python -m edge`, and variables by keyword"""

TEST_DATA = Path(os.environ.get("EMOTION_EDGE_TEST_DATA", PROJECT.parent / "shared"))
"""photos and clips that cannot be shipped; tests that need one skip where it is missing"""


def environment(**extra: str) -> dict[str, str]:
    """This process's, without systemd's variables; the program is found from any folder."""
    kept = {key: value for key, value in os.environ.items() if key not in ("NOTIFY_SOCKET", "STATE_DIRECTORY")}
    return kept | {"PYTHONPATH": str(PROJECT)} | extra


def errors(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The errors that it printed, each with its remedy from the line below."""
    lines = done.stderr.replace("\n   -> ", "; ").splitlines()
    return [line for line in lines if line.startswith("ERROR")]


def needs(runtime: str) -> None:
    """Skip the test where this runtime is not installed."""
    if importlib.util.find_spec(RUNTIMES[runtime].split(".")[0]) is None:
        pytest.skip(f"{runtime} is not installed here")


def change_manifest(model: Path, **changes: object) -> None:
    """Change entries of the manifest beside `model`."""
    path = model.with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
