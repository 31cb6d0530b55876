"""Which emotion models this device can afford: each is measured on the same frames, at the pace in the settings."""

import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from edge.cameras import Frame
from edge.settings import Settings, shipped_models
from edge.vision.pipeline import Pipeline

SECONDS_A_MODEL = 2.0
USABLE_SHARE = 0.8  # of a core's time; the rest is for the page, the log and the system

Frames = Callable[[Pipeline], Iterator[Frame]]
"""gives frames without end, and restarts the pipeline where they begin anew"""


@dataclass(frozen=True)
class ModelTime:
    """What one model costs."""

    frame_ms: float
    """mean time of all that is done with a frame"""
    affordable: bool


def measure_models(
    settings: Settings, frames: Frames, read_ms: float, seconds: float = SECONDS_A_MODEL
) -> dict[str, ModelTime]:
    """Run `frames` through the pipeline with each shipped model, from the fastest on, for `seconds` each.

    `read_ms` is what it takes to read a frame. Empty where the frames show no face, since then no model runs. Raises
    ModelError.
    """
    frames_per_second = settings.camera.frames_per_second
    found = {}
    for name in shipped_models():
        classifier = replace(settings.classifier, model=name)
        pipeline = Pipeline.from_settings(replace(settings, classifier=classifier))
        analyze_ms, faces = _time_frames(pipeline, frames, frames_per_second, seconds)
        if not faces:
            return {}
        frame_ms = round(read_ms + analyze_ms, 3)
        found[name] = ModelTime(frame_ms, is_affordable(frame_ms, frames_per_second))
    return found


def is_affordable(frame_ms: float, frames_per_second: float) -> bool:
    return frame_ms * frames_per_second <= USABLE_SHARE * 1000


def verdict(models: dict[str, ModelTime], frames_per_second: float) -> str:
    """The line for people."""
    pace = f"{frames_per_second:g} frames a second"
    affordable = [name for name, model in models.items() if model.affordable]
    if not models:
        return "no face in these frames: they do not tell which emotion models this device can afford"
    if not affordable:
        least = min(models.values(), key=lambda model: model.frame_ms)
        slower = USABLE_SHARE * 1000 / least.frame_ms
        remedy = f"set camera.frames_per_second to {_rounded_down(slower):g} or less"
        return f"this device can afford no emotion model at {pace}; {remedy}"
    times = ", ".join(f"{name} {model.frame_ms:.1f} ms" for name, model in models.items())
    return f"this device can afford: {_listed(affordable)} at {pace} (a frame takes: {times})"


def _rounded_down(frames_per_second: float) -> float:
    """To one digit, or to whole frames from ten on."""
    step = 10.0 ** min(0, math.floor(math.log10(frames_per_second)))
    return round(math.floor(frames_per_second / step) * step, 6)


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _time_frames(pipeline: Pipeline, frames: Frames, frames_per_second: float, seconds: float) -> tuple[float, int]:
    """Mean milliseconds of a frame, as if so many came in a second, and how many faces there were."""
    times_ms: list[float] = []
    faces = 0
    for frame in frames(pipeline):
        start_s = time.perf_counter()
        faces += len(pipeline.analyze(frame.gray, frame.index / frames_per_second))
        times_ms.append((time.perf_counter() - start_s) * 1000)
        if sum(times_ms) >= seconds * 1000:
            break
    return statistics.fmean(times_ms), faces
