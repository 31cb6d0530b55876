"""Routes about now: live values, pictures, pause."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, Conflict, Forbidden, NotFound

from edge import __version__
from edge.daemon.command import command_name
from edge.gateway.gateway import Gateway, this_gateway
from edge.gateway.live import Snapshot, utc_of
from edge.gateway.pictures import Level, Picture, describe

FRAME_SECONDS = 5.0  # a camera gives a frame each 5 s at the slowest (camera.frames_per_second)
LIVE_SECONDS = 1.0  # /api/now waits for so long for the connection to stand
BEAT_SECONDS = 5.0  # between two messages where nothing changes
LOOK_SECONDS = 0.5  # between two looks whether the viewer is still there
BOUNDARY = b"frame"

routes = Blueprint("live", __name__)


@routes.get("/api/now")
def now() -> Response:
    """The newest message."""
    gateway = this_gateway()
    with gateway.client.watching():
        snapshot = gateway.client.settled(LIVE_SECONDS)
    return jsonify(message(snapshot))


@routes.get("/api/live")
def live() -> Response:
    """Server-sent events: a message at once and at every change, and every few seconds where nothing changes."""
    gateway = this_gateway()
    gateway.viewers.take()
    events = _events(gateway, _is_gone())
    response = Response(events, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    response.call_on_close(gateway.viewers.give_back)
    return response


@routes.get("/api/frame.jpg")
def frame() -> Response:
    """One picture of a moment after the question."""
    gateway = this_gateway()
    picture = _picture(gateway, boxes=_flag("boxes", default=True))
    return Response(picture.jpeg, mimetype="image/jpeg", headers=describe(picture))


@routes.get("/stream.mjpg")
def stream() -> Response:
    """Pictures one after the other, as fast as the camera gives and the viewer takes them."""
    gateway = this_gateway()
    boxes = _flag("boxes", default=True)
    _check_level(gateway)
    gateway.viewers.take()
    parts = _parts(gateway, gateway.level(), boxes, _is_gone())
    response = Response(parts, mimetype=f"multipart/x-mixed-replace; boundary={BOUNDARY.decode()}")
    response.call_on_close(gateway.viewers.give_back)
    return response


@routes.post("/api/pause")
def pause() -> Response:
    """Close the camera until resumed; outlives restarts."""
    return _switch("pause")


@routes.post("/api/resume")
def resume() -> Response:
    return _switch("resume")


def message(snapshot: Snapshot) -> dict[str, Any]:
    """What viewers get of `snapshot`."""
    return {
        "utc": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "version": __version__,
        "connected": snapshot.connected,
        "since_utc": utc_of(snapshot.since_s),
        "problem": snapshot.problem,
        "silent_seconds": round(time.monotonic() - snapshot.heard_s, 1) if snapshot.live else None,
        "daemon": snapshot.hello,
        "live": snapshot.live,
    }


def _events(gateway: Gateway, is_gone: Callable[[], bool]) -> Iterator[bytes]:
    with gateway.client.watching():
        snapshot = gateway.client.snapshot
        sent_s = float("-inf")
        while not is_gone():
            if sent_s == float("-inf") or time.monotonic() - sent_s >= BEAT_SECONDS:
                yield _event(snapshot)
                sent_s = time.monotonic()
            newer = gateway.client.wait(snapshot.version, LOOK_SECONDS)
            if newer.version > snapshot.version:
                snapshot = newer
                yield _event(snapshot)
                sent_s = time.monotonic()


def _event(snapshot: Snapshot) -> bytes:
    return b"data: " + json.dumps(message(snapshot), separators=(",", ":")).encode() + b"\n\n"


def _parts(gateway: Gateway, level: Level, boxes: bool, is_gone: Callable[[], bool]) -> Iterator[bytes]:
    while not is_gone():
        picture = gateway.pictures.next(level, boxes, LOOK_SECONDS)
        if picture is not None:
            head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture.jpeg)
            yield b"--" + BOUNDARY + b"\r\n" + head + picture.jpeg + b"\r\n"


def _picture(gateway: Gateway, boxes: bool) -> Picture:
    _check_level(gateway)
    picture = gateway.pictures.next(gateway.level(), boxes, FRAME_SECONDS)
    if picture is None:
        raise NotFound("There is no picture now: the camera is paused or waited for; /api/now says more.")
    return picture


def _check_level(gateway: Gateway) -> None:
    if gateway.level() == "none":
        raise Forbidden("No picture is shown here: web.picture is 'none' in the settings.")


def _switch(kind: str) -> Response:
    gateway = this_gateway()
    with gateway.client.watching():
        gateway.client.settled(LIVE_SECONDS)
        sent = gateway.client.send({"type": kind, "by": "page"})
        if not sent:
            raise Conflict(f"The camera service does not answer; `{command_name()} pause` works without it.")
        paused = _wait_until_paused(gateway, kind == "pause")
    return jsonify(paused=paused)


def _wait_until_paused(gateway: Gateway, expected: bool) -> bool:
    """Whether the daemon says that it is paused, once it says what is `expected` or after a moment."""
    snapshot = gateway.client.snapshot
    deadline_s = time.monotonic() + LIVE_SECONDS
    while (snapshot.live or {}).get("paused") != expected and (rest_s := deadline_s - time.monotonic()) > 0:
        snapshot = gateway.client.wait(snapshot.version, rest_s)
    return bool((snapshot.live or {}).get("paused"))


def _flag(name: str, default: bool) -> bool:
    text = request.args.get(name, "1" if default else "0")
    if text not in ("0", "1"):
        raise BadRequest(f"{name}: expected 0 or 1, found {text[:20]!r}")
    return text == "1"


def _is_gone() -> Callable[[], bool]:
    """Tells whether the viewer closed the connection, where the server can say, or the gateway is to stop."""
    disconnected: Callable[[], bool] = request.environ.get("waitress.client_disconnected", lambda: False)
    client = this_gateway().client
    return lambda: client.closed or disconnected()
