"""How fast this device is: time of each stage, frames a second, memory, processor share, temperature."""

import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from edge import __version__, settings
from edge.cameras import DEMO, Frame
from edge.cameras.files import DamagedFileError, ImageFolder, VideoFile
from edge.contract import crop_face
from edge.doctor import about
from edge.doctor.findings import Machine
from edge.doctor.system import heat, temperature_celsius
from edge.errors import UsageError
from edge.events import EventLog
from edge.service import make_analyzer

MAX_SECONDS = 3600.0
WHOLE = ("read", "analyze", "log")  # what `run` does with a frame; detect, crop and classify are parts of analyze


class Stopwatch:
    """Milliseconds of every call, by stage."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, list[float]] = defaultdict(list)

    def time[T](self, stage: str, call: Callable[[], T]) -> T:
        started = time.perf_counter()
        result = call()
        self.milliseconds[stage].append((time.perf_counter() - started) * 1000)
        return result
