"""Command line of the device: `python -m edge COMMAND`, and `emotion-edge COMMAND` where it is installed by pip.

A signal may come before anything is imported, so everything that takes time is imported after `listen`.
"""

import os
import sys

from edge.daemon.signals import Signals


def main() -> int:
    """Run the command that the arguments name; returns the exit status."""
    _open_standard_descriptors()
    signals = Signals()
    if sys.argv[1:2] == ["run"]:
        signals.listen()
        signals.end(_main(signals))
    return _main(signals)


def _open_standard_descriptors() -> None:
    """Fill those of 0, 1 and 2 that are closed, as by `>&-`, or the next file opened, such as the log, would be one.

    They are opened the wrong way round: writing there fails (EBADF), so that no word gets lost in silence.
    """
    for descriptor, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free


def _main(signals: Signals) -> int:
    try:
        from edge.commands.start import start

        return start(signals)
    except KeyboardInterrupt:  # while it was being imported
        return 130  # 128 + SIGINT, what a shell shows after Ctrl-C


if __name__ == "__main__":
    sys.exit(main())
