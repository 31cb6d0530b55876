"""Measure how fast this device is: time of each stage, frames a second, memory, processor share, temperature."""

import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from edge.cameras import DEMO, Camera, Frame
from edge.cameras.media.files import ImageFolder, open_file
from edge.commands.affordable import ModelTime, measure_models, verdict
from edge.commands.doctor import system
from edge.commands.doctor.findings import Machine
from edge.contract import crop_face
from edge.errors import UsageError
from edge.events import EventLog
from edge.settings import LogSettings, Settings, log_path
from edge.vision.bad_light import clear_crop
from edge.vision.pipeline import Pipeline

SECONDS_FROM = 1.0
SECONDS_TO = 3600.0
# what `run` does with a frame; the other stages are parts of analyze
WHOLE = ("read", "analyze", "log")
STAGES = {
    "read": "read",
    "analyze": "analyze",
    "detect": "  detect",
    "crop": "  crop, each face",
    "classify": "  classify, each face",
    "log": "log, a row each face",
}


class Stopwatch:
    """Milliseconds of every call, by stage: by the clock, and of processor time."""

    def __init__(self) -> None:
        self.wall_ms: dict[str, list[float]] = defaultdict(list)
        self.cpu_ms: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        cpu = time.process_time()
        wall = time.perf_counter()
        yield
        self.wall_ms[name].append((time.perf_counter() - wall) * 1000)
        self.cpu_ms[name].append((time.process_time() - cpu) * 1000)


def run(settings: Settings, source: Path | None, seconds: float, out: Path | None) -> int:
    """Measure for `seconds`, print a table, write `out`; returns the exit status.

    Raises UsageError for a source or a time that cannot be, ModelError and LogError as the daemon does.
    """
    if not SECONDS_FROM <= seconds <= SECONDS_TO:
        raise UsageError(f"--seconds {seconds:g}: expected {SECONDS_FROM:g} to {SECONDS_TO:g}", "give such a number")
    figures = measure(settings, source or DEMO, seconds, Machine())
    print(table(figures))
    if out:
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(settings: Settings, source: Path, seconds: float, machine: Machine) -> dict[str, Any]:
    """All figures, as the JSON has them; the rows go to a log of its own on the disk of the real one."""
    pipeline = Pipeline.from_settings(settings)
    stopwatch = Stopwatch()
    before = system.temperature_celsius(machine)
    folder = log_path(settings).absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    every_face = LogSettings(interval_seconds=0.0, commit_seconds=0.0)
    with (
        tempfile.TemporaryDirectory(dir=folder) as temporary,
        EventLog(Path(temporary, "log.db"), every_face) as events,
    ):
        events.start_run(str(source), "benchmark", datetime.now(UTC))
        size_wh, faces = _measure_frames(source, pipeline, events, stopwatch, seconds)
    memory = memory_mb(machine)
    read_ms = statistics.fmean(stopwatch.wall_ms["read"])
    models = measure_models(settings, lambda one: _frames(source, one, Stopwatch()), read_ms)
    return {
        "machine": system.about(machine).found,
        "source": str(source),
        "frame_px": size_wh,
        "faces_per_frame": round(faces / len(stopwatch.wall_ms["analyze"]), 2),
        "detector": pipeline.detector.name,
        "runtime": pipeline.classifier.runtime,
        "xnnpack": pipeline.classifier.accelerated,
        "threads": settings.classifier.threads,
        "milliseconds": {stage: summary(stopwatch.wall_ms[stage]) for stage in STAGES if stopwatch.wall_ms[stage]},
        "frames_per_second": round(1000 / sum(statistics.fmean(stopwatch.wall_ms[stage]) for stage in WHOLE), 1),
        "cpu_share": round(sum(_total(stopwatch.cpu_ms)) / sum(_total(stopwatch.wall_ms)), 2),
        "memory_mb": memory,
        "temperature_celsius": {"before": before, "after": system.temperature_celsius(machine)},
        "heat": system.heat(machine).found,
        "frames_per_second_set": settings.camera.frames_per_second,
        "models": {name: asdict(model) for name, model in models.items()},
    }


def summary(milliseconds: list[float]) -> dict[str, float]:
    median, p95 = np.percentile(milliseconds, [50, 95])
    return {"median": round(float(median), 3), "p95": round(float(p95), 3), "n": len(milliseconds)}


def memory_mb(machine: Machine) -> dict[str, float]:
    """Resident memory of this process, now and at its highest."""
    lines = (machine.root / "proc/self/status").read_text().splitlines()
    kilobytes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return {
        "resident": round(int(kilobytes["VmRSS"]) / 1024, 1),
        "peak": round(int(kilobytes["VmHWM"]) / 1024, 1),
    }


def table(figures: dict[str, Any]) -> str:
    width, height = figures["frame_px"]
    xnnpack = "with XNNPACK" if figures["xnnpack"] else "WITHOUT XNNPACK (see `python -m edge doctor`)"
    stages = [
        f"{STAGES[stage]:24}{times['median']:11.2f}{times['p95']:11.2f}{times['n']:9}"
        for stage, times in figures["milliseconds"].items()
    ]
    memory = figures["memory_mb"]
    return "\n".join(
        [
            figures["machine"],
            f"{figures['source']}, {width}x{height}, {figures['faces_per_frame']:.2f} faces a frame",
            f"{figures['detector']}; {figures['runtime']} {xnnpack}, threads: {figures['threads']}",
            "",
            f"{'stage':24}{'median ms':>11}{'p95 ms':>11}{'calls':>9}",
            *stages,
            "",
            f"{figures['frames_per_second']:.1f} frames/s flat out, {figures['cpu_share']:.0%} of one core meanwhile",
            f"{memory['resident']:.0f} MB resident (peak {memory['peak']:.0f})",
            f"{figures['heat']}",
            _verdict(figures),
        ]
    )


def _verdict(figures: dict[str, Any]) -> str:
    models = {name: ModelTime(**model) for name, model in figures["models"].items()}
    return verdict(models, figures["frames_per_second_set"])


def _measure_frames(
    source: Path, pipeline: Pipeline, events: EventLog, stopwatch: Stopwatch, seconds: float
) -> tuple[tuple[int, int], int]:
    """Time frames of `source`, again from its start where it ends, for `seconds`; returns their size and all faces."""
    faces = 0
    size_wh = (0, 0)
    started = time.monotonic()
    with tqdm(total=round(seconds), desc="measuring", unit="s", file=sys.stderr, disable=None) as progress:
        for frame in _frames(source, pipeline, stopwatch):
            _time_parts(frame, pipeline, stopwatch)
            with stopwatch.stage("analyze"):
                found = pipeline.analyze(frame.gray, frame.time_s)
            with stopwatch.stage("log"):
                events.record(found, frame.time_s, datetime.now(UTC))
            faces += len(found)
            size_wh = frame.gray.shape[1], frame.gray.shape[0]
            elapsed = time.monotonic() - started
            progress.update(min(int(elapsed), progress.total) - progress.n)
            if elapsed >= seconds:
                break
    return size_wh, faces


def _frames(source: Path, pipeline: Pipeline, stopwatch: Stopwatch) -> Iterator[Frame]:
    """The frames of `source`, endlessly."""
    while True:
        pipeline.restart()
        with _open(source) as camera:
            frame = _read(camera, stopwatch)
            if frame is None:
                raise UsageError(f"{source}: no frames in it", "give another --source")
            while frame:
                yield frame
                frame = _read(camera, stopwatch)


def _read(camera: Camera, stopwatch: Stopwatch) -> Frame | None:
    with stopwatch.stage("read"):
        return camera.read()


def _open(source: Path) -> Camera:
    if not source.exists():
        raise UsageError(f"{source}: no such file or folder", "expected a video or a folder of images")
    return ImageFolder(source) if source.is_dir() else open_file(source)


def _time_parts(frame: Frame, pipeline: Pipeline, stopwatch: Stopwatch) -> None:
    """The parts of `analyze`, each for itself."""
    with stopwatch.stage("detect"):
        faces = pipeline.detector.detect(frame.gray)
    for face in faces:
        with stopwatch.stage("crop"):
            crop = crop_face(frame.gray, face.box_xywh, pipeline.detector.geometry, face.eyes)
        with stopwatch.stage("classify"):
            pipeline.classifier.classify(clear_crop(crop))


def _total(milliseconds: dict[str, list[float]]) -> list[float]:
    return [sum(milliseconds[stage]) for stage in WHOLE]
