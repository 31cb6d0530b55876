"""What viewers may see, and the JPEG of it: made only while somebody asks, once for all who ask the same.

Pillow is loaded with the first picture: a gateway that nobody looks at does without it.
"""

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from edge.gateway.live import LiveClient
from edge.gateway.messages import RawPicture

if TYPE_CHECKING:
    from PIL.Image import Image

Level = Literal["none", "boxes", "pixelated", "full"]

FOCUS_SECONDS = 0.4  # between two measurements


def level_for(setting: str, viewer_is_local: bool) -> Level:
    """What a viewer gets: "auto" shows the picture to who sits at this machine or came by ssh, to aim the camera."""
    if setting == "auto":
        return "full" if viewer_is_local else "boxes"
    levels: dict[str, Level] = {"none": "none", "boxes": "boxes", "pixelated": "pixelated", "full": "full"}
    return levels[setting]


@dataclass(frozen=True)
class Picture:
    """A JPEG, and what is known of it."""

    jpeg: bytes
    level: Level
    made_s: float
    """when the daemon had the frame, by the steady clock"""
    sequence: int
    focus: float | None
    """variance of the Laplacian: the greater, the sharper, for one scene"""

    @property
    def age_ms(self) -> int:
        """How long ago the camera gave the frame."""
        return max(0, round((time.monotonic() - self.made_s) * 1000))


class Pictures:
    """Gives each viewer the next picture at his level; viewers at the same level share it."""

    def __init__(self, client: LiveClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._made: dict[tuple[Level, bool], tuple[object, Picture]] = {}
        self._focus: float | None = None
        self._focus_s = float("-inf")

    def next(self, level: Level, boxes: bool, timeout_seconds: float) -> Picture | None:
        """A picture of a moment after this call, with the faces' boxes drawn in if `boxes`; None: none came in time."""
        with self._client.watching():
            if level == "none":
                return None
            if level == "boxes":
                return self._stage(timeout_seconds)
            raw = self._client.picture(None, timeout_seconds)
        if raw is None:
            return None
        with self._lock:
            source, picture = self._made.get((level, boxes), (None, None))
            if picture is None or source is not raw:
                picture = self._make(raw, level, boxes)
                self._made = {key: made for key, made in self._made.items() if made[0] is raw}
                self._made[level, boxes] = (raw, picture)
            return picture

    def _stage(self, timeout_seconds: float) -> Picture | None:
        """Boxes on an empty stage: no frame is asked for."""
        live = self._client.next_live(timeout_seconds)
        if live is None:
            return None
        from edge.gateway import drawing, images

        width, height = live["frame_px"]
        image = images.smaller(drawing.stage(width, height))
        drawing.draw_faces(image, live["faces"], width)
        return Picture(images.jpeg(image), "boxes", time.monotonic(), live["sequence"], None)

    def _make(self, raw: RawPicture, level: Level, boxes: bool) -> Picture:
        from edge.gateway import drawing, images

        image = images.decode(raw)
        focus = self._measure_focus(image)
        image = images.smaller(images.mosaic(image) if level == "pixelated" else image)
        live = self._client.snapshot.live
        if boxes and live:
            image = image.convert("RGB")
            drawing.draw_faces(image, live["faces"], raw.width)
        return Picture(images.jpeg(image), level, raw.made_s, raw.sequence, focus)

    def _measure_focus(self, image: "Image") -> float | None:
        from edge.gateway.images import focus_of

        now_s = time.monotonic()
        if now_s - self._focus_s >= FOCUS_SECONDS:
            self._focus_s = now_s
            self._focus = focus_of(image)
        return self._focus


def describe(picture: Picture) -> dict[str, Any]:
    """The headers that tell a page what it got."""
    headers = {"X-Picture": picture.level, "X-Sequence": str(picture.sequence), "X-Age-Ms": str(picture.age_ms)}
    return headers if picture.focus is None else headers | {"X-Focus": f"{picture.focus:.0f}"}
