"""Show a person what the daemon sees: one line that is rewritten on a terminal, a line per change in a pipe."""

import shutil
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

from edge.daemon.streams import CLEAR_LINE
from edge.results import FaceEmotion

REFRESH_SECONDS = 0.25  # four times a second reads as steady
CHANGE_SECONDS = 1.0  # at most one line a second in a pipe
RATE_FRAMES = 30  # frames over which the rate is averaged


class StatusLine:
    """Writes to `stream`; a terminal's line is rewritten in place."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._in_place = stream.isatty()
        self._arrivals: deque[float] = deque(maxlen=RATE_FRAMES)
        self._shown_s = float("-inf")
        self._shown: object = None

    def show(
        self,
        faces: Sequence[FaceEmotion],
        monotonic_s: float,
        now: datetime,
        dropped: int = 0,
    ) -> None:
        """Note a frame and its `faces`, and show them if it is time to; `dropped` frames were left out so far."""
        self._arrivals.append(monotonic_s)
        emotions = [(face.track, face.emotion, face.certain) for face in faces]
        pause = REFRESH_SECONDS if self._in_place else CHANGE_SECONDS
        if monotonic_s - self._shown_s < pause or (not self._in_place and emotions == self._shown):
            return
        self._shown_s = monotonic_s
        self._shown = emotions
        left_out = f"  {dropped} dropped" if dropped else ""
        line = f"{now:%H:%M:%S}  {self._rate()}{left_out}  {describe(faces)}"
        if self._in_place:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(CLEAR_LINE + line[:width])
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Leave the line as it is and go to the next; a later `show` begins there."""
        if self._in_place and self._shown is not None:
            self._stream.write("\n")
            self._stream.flush()
            self._shown = None

    def _rate(self) -> str:
        elapsed_s = self._arrivals[-1] - self._arrivals[0]
        return f"{(len(self._arrivals) - 1) / elapsed_s:4.1f} fps" if elapsed_s else "   - fps"


def describe(faces: Sequence[FaceEmotion]) -> str:
    """As in "#1 happy 93%   #2 sad? 41%": the question mark says that the model is not certain."""
    if not faces:
        return "no face"
    return "   ".join(f"#{face.track} {face.emotion}{'' if face.certain else '?'} {face.score:.0%}" for face in faces)
