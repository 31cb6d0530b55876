"""What both kinds of model say in their manifests, and how model and manifest are written."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from edge.vision import manifest
from edge.vision.manifest import Tensor
from train.run.folder import CONFIG, METRICS, PATH_SETTINGS

TOOLS = ("tensorflow", "keras", "numpy", "ai-edge-litert")


@contextmanager
def write_atomically(out: Path) -> Iterator[Path]:
    """Give a path to write the model and its manifest to; they become `out` and its manifest
    once all went well.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        part = Path(folder, out.name)
        yield part
        part.replace(out)
        manifest.path_beside(part).replace(manifest.path_beside(out))


def training(model: Path) -> dict[str, Any]:
    """Data and settings of the run that `model` lies in, places by their names alone; empty
    outside of a run folder.
    """
    config = model.parent / CONFIG
    metrics = model.parent / METRICS
    if not (config.is_file() and metrics.is_file()):
        return {}
    settings = json.loads(config.read_text())
    for key in PATH_SETTINGS:
        if key in settings:
            settings[key] = Path(settings[key]).name
    return {"data": json.loads(metrics.read_text())["data"], "run": settings}


def tools() -> dict[str, str]:
    """The versions of what made the model."""
    return {name: version(name) for name in TOOLS}


def tensor(details: dict[str, Any]) -> Tensor:
    """One tensor as a runtime's interpreter describes it."""
    scale, zero_point = details["quantization"]
    shape = [int(side) for side in details["shape"]]
    return Tensor(shape, np.dtype(details["dtype"]).name, float(scale), int(zero_point))


def git_commit() -> str:
    """The checkout's commit, with a mark where files differ from it; "unknown" outside of one."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        found = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()
