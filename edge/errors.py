"""What can go wrong, and how the process ends for it.

    EdgeError
    ├── UsageError     a path or option that cannot work            exit 2
    ├── SettingsError  a person must fix the settings               exit 78, systemd does not restart
    ├── ModelError     a person must replace the model or manifest  exit 78, systemd does not restart
    ├── CameraError    no frames, now                               exit 1, systemd restarts
    └── LogError       the event log cannot be written              exit 1, systemd restarts

The numbers 78 (EX_CONFIG) and 1 are sysexits.h's. A service whose source, a file or a folder, has been read to its end
ends with 3. The unit's `RestartPreventExitStatus` has 2, 3 and 78.
"""

EXIT_TRY_AGAIN = 1
EXIT_USAGE = 2
EXIT_SOURCE_ENDED = 3
EXIT_CONFIG = 78


class EdgeError(Exception):
    """Says what was expected and what was found, and beside it what to do (`remedy`)."""

    exit_code = EXIT_TRY_AGAIN

    def __init__(self, found: str, remedy: str = "") -> None:
        super().__init__(found, remedy)
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.found}; {self.remedy}" if self.remedy else self.found

    @property
    def lines(self) -> str:
        """The same on two lines, for a terminal."""
        return f"{self.found}\n   -> {self.remedy}" if self.remedy else self.found


class UsageError(EdgeError):
    exit_code = EXIT_USAGE


class SettingsError(EdgeError):
    exit_code = EXIT_CONFIG


class ModelError(EdgeError):
    exit_code = EXIT_CONFIG


class CameraError(EdgeError):
    exit_code = EXIT_TRY_AGAIN


class LogError(EdgeError):
    exit_code = EXIT_TRY_AGAIN
