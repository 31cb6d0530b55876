"""The event log that the daemon writes to, and the demo's own beside it."""

from pathlib import Path

from edge.cameras import Camera
from edge.events import EventLog
from edge.settings import Settings, device_name, log_path

DEMO_LOG = "demo.db"  # beside the log, which is for what a camera sees


class Logs:
    """The event log that rows go to: the demo has one of its own, so that no log of a camera holds its faces."""

    def __init__(self, settings: Settings, path: Path | None) -> None:
        """Raises LogError where `path`, or the log of the settings, cannot be opened."""
        self._device = device_name(settings)
        self.current = EventLog(path or log_path(settings), settings.log, device=self._device)
        self.demo_path = path or log_path(settings).with_name(DEMO_LOG)
        self.demo_shown = False
        self.lost_rows = 0
        """of the logs that are closed"""
        self._camera_path = self.current.path
        self._settings = settings.log

    def choose(self, camera: Camera) -> None:
        """Make `current` the one that `camera` belongs to. Raises LogError where it cannot be opened."""
        self.demo_shown = self.demo_shown or camera.is_demo
        path = self.demo_path if camera.is_demo else self._camera_path
        if path != self.current.path:
            self.close()
            self.current = EventLog(path, self._settings, device=self._device)

    def close(self) -> None:
        """Write what waits."""
        self.current.close()
        self.lost_rows += self.current.lost_rows
