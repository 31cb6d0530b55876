"""Where frames come from: one protocol, one module a kind, and `open_camera`, which chooses."""

from edge.cameras.frame import Camera, Frame, NoFrameYetError
from edge.cameras.sources import DEMO, CameraSource, open_camera

__all__ = ["DEMO", "Camera", "CameraSource", "Frame", "NoFrameYetError", "open_camera"]
