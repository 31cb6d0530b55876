"""Where frames come from: one protocol, one module a kind, and `open_camera`, which chooses."""

from edge.cameras.frame import Camera, Frame, NoFrameYetError
from edge.cameras.sources import DEMO, DEMO_NAME, open_camera

__all__ = ["DEMO", "DEMO_NAME", "Camera", "Frame", "NoFrameYetError", "open_camera"]
