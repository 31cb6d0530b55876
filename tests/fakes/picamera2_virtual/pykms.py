"""Stands in for a screen's driver, which picamera2 imports."""

from unittest.mock import MagicMock

PixelFormat = MagicMock()
