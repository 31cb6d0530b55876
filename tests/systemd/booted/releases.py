"""The two Debians under Raspberry Pi OS, each with a camera for its picamera2."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.settings import PROJECT
from tests.chaos import frames
from tests.fakes.picamera2 import STANDIN

PARTS = PROJECT / "tests" / "fakes" / "picamera2_virtual"
MODULES = "/usr/lib/python3/dist-packages"

STANDIN_CAMERA = f"""
mv /srv/picamera2.py {MODULES}/standin_picamera2.py
cat >{MODULES}/picamera2.py <<END
import os
os.environ.update(CAMERA_FRAMES="/srv/frames.npy", CAMERA_FAULT="/srv/fault")
from standin_picamera2 import *
END
echo -n good >/srv/fault
"""
# libcamera from the backports: with trixie's own 0.4.0 picamera2 drops every frame of the virtual camera.
VIRTUAL_CAMERA = f"""
mirror=$(sed -n 's/^deb \\([^ ]*\\) trixie main$/\\1/p' /etc/apt/sources.list)
echo "deb $mirror trixie-backports main" >>/etc/apt/sources.list
export DEBIAN_FRONTEND=noninteractive
apt-get --quiet=2 update
install="apt-get --quiet=2 install --yes --no-install-recommends"
$install --target-release trixie-backports python3-libcamera libcamera-ipa
$install python3-pip python3-prctl python3-pil python3-tqdm python3-piexif python3-libarchive-c
pip install --quiet --break-system-packages --no-deps --target {MODULES} \\
    picamera2==0.3.38 av simplejpeg v4l2-python3 videodev2
mv /srv/parts/virtual.yaml /usr/share/libcamera/pipeline/virtual/
cp -r /srv/parts/* {MODULES}
echo 'import virtual_camera' >>{MODULES}/picamera2/__init__.py
"""


@dataclass(frozen=True)
class Release:
    """`unplug` and `plug_in` are shell commands for the camera."""

    name: str
    install_camera: str
    unplug: str
    plug_in: str


VIRTUAL_YAML = "/usr/share/libcamera/pipeline/virtual/virtual.yaml"
RELEASES = (
    Release(
        "bookworm",
        STANDIN_CAMERA,
        unplug="echo -n unplugged | sudo tee /srv/fault",
        plug_in="echo -n good | sudo tee /srv/fault",
    ),
    Release(
        "trixie",
        VIRTUAL_CAMERA,
        unplug=f"sudo mv {VIRTUAL_YAML} /srv",
        plug_in=f"sudo mv /srv/virtual.yaml {VIRTUAL_YAML}",
    ),
)


def bring_cameras(root: Path) -> None:
    """Put into `root`/srv what each `install_camera` needs there."""
    server = root / "srv"
    shutil.copy(STANDIN / "picamera2.py", server)
    shutil.copytree(PARTS, server / "parts")
    frames.write_good(server / "frames.npy")
    (server / "frames").mkdir()
    for index, gray in enumerate(np.load(server / "frames.npy")[::10]):  # libcamera holds them all in memory
        cv2.imwrite(str(server / "frames" / f"{index}.jpg"), cv2.merge([gray] * 3))
