"""Is there a camera, may this user open it, and do libcamera and picamera2 see it?"""

import getpass
import sys
from pathlib import Path

from edge.cameras import stream
from edge.cameras.usb import plugged_in
from edge.commands.doctor.findings import Answer, Finding, Machine, ok, problem, warning
from edge.errors import EXIT_CONFIG, EXIT_TRY_AGAIN, UsageError
from edge.settings import CameraSettings

# A process of its own: libcamera may hang or crash, and does not end the doctor with it.
LIST_PI_CAMERAS = (
    "from picamera2 import Picamera2; from edge.cameras.picamera import models; print(*models(Picamera2), sep=', ')"
)
CONNECT = "connect one; a Pi camera: check its cable and `rpicam-hello --list-cameras`"


def check(settings: CameraSettings, machine: Machine) -> list[Finding]:
    try:
        if kind := stream.kind(settings.source):
            return [ok("camera", f"{kind} stream: not tried here")]
    except UsageError as error:
        return [problem("camera", str(error), "mend camera.source", EXIT_CONFIG)]
    if settings.source in ("auto", "camera", "picamera") or settings.source.startswith("usb:"):
        return [*devices(settings.source, machine), camera(settings.source, machine)]
    return [file(Path(settings.source))]


def devices(source: str, machine: Machine) -> list[Finding]:
    """Whether the camera nodes that are there may be opened."""
    nodes = sorted(node for pattern in ("video*", "media*") for node in (machine.root / "dev").glob(pattern))
    closed = [node for node in nodes if not machine.may_open(node)]
    if not nodes:
        return []
    if not closed:
        return [ok("devices", f"{len(nodes)} of /dev/video* and /dev/media*, all permitted")]
    user, group = getpass.getuser(), _group(closed[0])
    found = f"{user} may not open /dev/{closed[0].name}" + (f" and {len(closed) - 1} more" if closed[1:] else "")
    mend = f"sudo usermod -aG {group} {user}, then log in again (the service's own user is in it already)"
    return [warning("devices", found, mend) if source == "auto" else problem("devices", found, mend, EXIT_CONFIG)]


def camera(source: str, machine: Machine) -> Finding:
    """The camera that `run` would open; `source` is auto, camera, picamera or usb:N."""
    reasons = []
    if not source.startswith("usb:"):
        models, reason = _pi_cameras(machine)
        if models:
            return ok("camera", f"Pi camera {models}")
        reasons.append(reason)
    if source != "picamera":
        number = _usb_camera(source, machine)
        if number is not None:
            return ok("camera", f"USB camera /dev/video{number}")
        reasons.append(f"/dev/video{source[4:]} is not there" if source.startswith("usb:") else "no USB camera")
    found = "; ".join(reasons)
    if source == "auto":
        return warning("camera", f"{found}: `run` shows the demo", CONNECT)
    return problem("camera", found, CONNECT, EXIT_TRY_AGAIN)


def file(path: Path) -> Finding:
    if path.exists():
        return ok("camera", f"none needed, the source is {path}")
    mend = "set camera.source to auto, camera, picamera, usb:N, or a video file or folder that exists"
    return problem("camera", f"{path}: no such file or folder", mend, EXIT_CONFIG)


def _pi_cameras(machine: Machine) -> tuple[str, str]:
    """The models that libcamera sees, and why there are none."""
    answer = machine.ask([sys.executable, "-c", LIST_PI_CAMERAS]) or Answer(1, "", "Python cannot be started")
    if answer.status == 0:
        return answer.output, "no Pi camera found by libcamera"
    last = answer.errors.splitlines()[-1] if answer.errors else f"status {answer.status}"
    if "No module named 'picamera2'" in last:
        return "", "picamera2 is not installed (sudo apt install python3-picamera2)"
    return "", f"picamera2 cannot be loaded ({last})"


def _usb_camera(source: str, machine: Machine) -> int | None:
    plugged = plugged_in(machine.root / "sys/class/video4linux")
    if not source.startswith("usb:"):
        return plugged[0] if plugged else None
    number = source.removeprefix("usb:")
    return int(number) if number.isdecimal() and (machine.root / "dev" / f"video{number}").exists() else None


def _group(node: Path) -> str:
    try:
        return node.group()
    except KeyError:  # a number without a name
        return "video"
