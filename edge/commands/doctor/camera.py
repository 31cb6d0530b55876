"""Check the camera: is there one, may this user open it, do libcamera and picamera2 see it?"""

import getpass
import signal
import sys
from pathlib import Path

from edge.cameras.usb import plugged_in
from edge.commands.doctor.findings import Answer, Finding, Machine, ok, problem, warning
from edge.errors import EXIT_CONFIG, EXIT_TRY_AGAIN, UsageError
from edge.settings import CameraSettings
from edge.source import EXPECTED, HIDDEN, existing_path, shown, stream_scheme

# A process of its own: libcamera may hang or crash, and does not end the doctor with it.
LIST_PI_CAMERAS = (
    "from picamera2 import Picamera2; from edge.cameras.picamera import list_cameras\n"
    "for number, model in list_cameras(Picamera2): print(number, model)"
)
SET_SOURCE = f"set camera.source to one of: {EXPECTED}"
CONNECT = "connect one; a Pi camera: check its cable and `rpicam-hello --list-cameras`"


def check(settings: CameraSettings, machine: Machine) -> list[Finding]:
    source = settings.source
    try:
        if scheme := stream_scheme(source):
            return [ok("camera", f"{scheme} stream at {shown(source)}: not tried here")]
    except UsageError as error:
        return [problem("camera", str(error), SET_SOURCE, EXIT_CONFIG)]
    if is_pi_camera(source) or is_usb_camera(source) or source in ("auto", "camera"):
        return [*devices(source, machine), camera(source, machine)]
    return [file(source)]


def is_pi_camera(source: str) -> bool:
    return source == "picamera" or source.startswith("picamera:")


def is_usb_camera(source: str) -> bool:
    return source.startswith(("usb:", "/dev/video", "/dev/v4l/"))


def devices(source: str, machine: Machine) -> list[Finding]:
    """Whether the camera nodes that are there may be opened."""
    nodes = sorted(node for pattern in ("video*", "media*") for node in (machine.root / "dev").glob(pattern))
    closed = [node for node in nodes if not machine.may_open(node)]
    if not nodes:
        return []
    if not closed:
        return [ok("devices", f"{len(nodes)} of /dev/video* and /dev/media*, all permitted")]
    user = getpass.getuser()
    group = _group(closed[0])
    found = f"{user} may not open /dev/{closed[0].name}" + (f" and {len(closed) - 1} more" if closed[1:] else "")
    remedy = f"sudo usermod -aG {group} {user}, then log in again (the service's own user is in it already)"
    if source == "auto":
        return [warning("devices", found, remedy)]
    return [problem("devices", found, remedy, EXIT_CONFIG)]


def camera(source: str, machine: Machine) -> Finding:
    """The camera that `run` would open; `source` is auto, camera, or names a Pi camera or a USB camera."""
    reasons = []
    if not is_usb_camera(source):
        found, reason = _pi_camera(source.partition(":")[2], machine)
        if found:
            return ok("camera", f"Pi camera {found}")
        reasons.append(reason)
    if not is_pi_camera(source):
        node, reason = _usb_camera(source, machine)
        if node:
            return ok("camera", f"USB camera {node}")
        reasons.append(reason)
    said = "; ".join(reasons)
    if source == "auto":
        return warning("camera", f"{said}: `run` shows the demo", CONNECT)
    return problem("camera", said, CONNECT, EXIT_TRY_AGAIN)


def file(source: str) -> Finding:
    path = existing_path(source)
    if path is not None:
        return ok("camera", f"none needed, the source is {path}")
    return problem(
        "camera",
        f"camera.source {HIDDEN}: no such file or folder, and no camera",
        SET_SOURCE,
        EXIT_CONFIG,
    )


def _pi_camera(which: str, machine: Machine) -> tuple[str, str]:
    """The models that libcamera sees, or that of the one asked for; and why there is none."""
    answer = machine.ask([sys.executable, "-P", "-c", LIST_PI_CAMERAS]) or Answer(1, "", "Python cannot be started")
    if answer.status < 0:
        return (
            "",
            f"picamera2 cannot be loaded (Python was ended by {signal.Signals(-answer.status).name})",
        )
    if answer.status:
        return "", _why_no_picamera2(answer)
    found = [line.split(maxsplit=1) for line in answer.output.splitlines()]
    models = [model for number, model in found if which in ("", number, model)]
    if found and not models:
        there = ", ".join(f"picamera:{number} ({model})" for number, model in found)
        return "", f"{shown(f'picamera:{which}')} is not there; there are {there}"
    return ", ".join(models), "no Pi camera found by libcamera"


def _why_no_picamera2(answer: Answer) -> str:
    last = answer.errors.splitlines()[-1] if answer.errors else f"status {answer.status}"
    if "No module named 'picamera2'" in last:
        return "picamera2 is not installed (sudo apt install python3-picamera2)"
    return f"picamera2 cannot be loaded ({last})"


def _usb_camera(source: str, machine: Machine) -> tuple[str, str]:
    """The node that `source` names, or the first that hangs on USB; and why there is none."""
    if not is_usb_camera(source):
        plugged = plugged_in(machine.root / "sys/class/video4linux")
        return (f"/dev/video{plugged[0]}" if plugged else ""), "no USB camera"
    device = source.removeprefix("usb:")
    if device.isascii() and device.isdecimal():
        device = f"/dev/video{int(device)}"
    node = machine.root / device.removeprefix("/")
    if device.startswith("/dev/") and existing_path(str(node)):
        return device, ""
    return "", f"{shown(device)} is not there"


def _group(node: Path) -> str:
    try:
        return node.group()
    except KeyError:  # a number without a name
        return "video"
