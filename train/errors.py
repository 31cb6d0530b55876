"""What can go wrong on the workstation, and how the process ends for it.

    TrainError
    ├── DataError        faces, photos, votes or predictions that cannot be used   exit 2
    ├── ConfigError      an option, a recipe or TF_CONFIG that cannot work         exit 2
    ├── RunError         a run folder that is another run's, or not finished       exit 2
    ├── NetworkError     a file that is no trained network of the kind needed      exit 78
    └── WorkerLostError  another machine has gone: start all again with --resume   exit 1

The numbers are those of `edge.errors`.
"""

EXIT_TRY_AGAIN = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78


class TrainError(Exception):
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


class DataError(TrainError):
    """The data set cannot be used as it is; a person must point to another or fix it."""

    exit_code = EXIT_USAGE


class ConfigError(TrainError):
    exit_code = EXIT_USAGE


class RunError(TrainError):
    exit_code = EXIT_USAGE


class NetworkError(TrainError):
    exit_code = EXIT_CONFIG


class WorkerLostError(TrainError):
    """Another worker has gone; all must be started again, with --resume."""

    exit_code = EXIT_TRY_AGAIN
