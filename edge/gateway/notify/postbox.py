"""Sends a notification by Apprise to every address of a file. The addresses hold passwords: no message shows them."""

import logging
import sys
from pathlib import Path

import edge
from edge.errors import EdgeError, SettingsError
from edge.settings import INSTALLED, PROJECT

REQUIREMENTS = Path(edge.__file__).parent / "requirements-notify.txt"
ENABLE = "sudo emotion-edge gateway enable"  # installs it where the settings have a [[notify]]

logger = logging.getLogger(__name__)


class MissingLibraryError(SettingsError):
    """Apprise is not installed: few want it, and an upgrade without network has not brought it along."""

    def __init__(self) -> None:
        remedy = ENABLE if INSTALLED in PROJECT.parents else f"{sys.executable} -m pip install -r {REQUIREMENTS}"
        super().__init__("notifications need apprise, which is not installed", remedy)


class Postbox:
    """Reads the addresses, one a line, # before a comment; raises SettingsError where that is not possible."""

    def __init__(self, file: Path) -> None:
        try:
            import apprise
        except ImportError as error:
            raise MissingLibraryError from error
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its words hold addresses
        self._apprise = apprise.Apprise()
        self.count = 0
        """addresses"""
        for number, line in enumerate(_lines(file), start=1):
            if not line or line.startswith("#"):
                continue
            if not self._apprise.add(line):
                found = f"{file}, line {number}: no address that Apprise knows"
                raise SettingsError(found, "see https://github.com/caronc/apprise/wiki, as in ntfy://topic")
            self.count += 1
        if not self.count:
            raise SettingsError(f"{file}: holds no address", "write one a line, as in ntfy://topic")

    def send(self, title: str, text: str) -> None:
        """Raises EdgeError where not all addresses took it."""
        if not self._apprise.notify(title=title, body=text):
            raise EdgeError("a notification was not taken by all addresses", "check them, and the network")


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise SettingsError(f"urls_file: {file} cannot be read ({reason})", "see its name and rights") from error
