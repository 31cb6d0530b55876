"""Open a file that a person named, and refuse pipes, devices and sockets, which could block for ever."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from edge.errors import UsageError

SPECIAL = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file, or a link to one, for reading; never waits as a pipe or a device would let it.

    Raises UsageError where it is something else, OSError where it is missing or may not be read.
    """
    _check(path, path.stat())  # before it is opened: opening alone may set a device going
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _check(path, os.fstat(descriptor))
    except UsageError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def shown(path: Path | str) -> str:
    """`path` for a message: on one line, in letters that any terminal and log takes.

    Bytes that are no UTF-8, which Python keeps as lone surrogates, and control characters are escaped.
    """
    return "".join(letter if letter.isprintable() else letter.encode("unicode-escape").decode() for letter in str(path))


def _check(path: Path, status: os.stat_result) -> None:
    for is_special, what in SPECIAL:
        if is_special(status.st_mode):
            raise UsageError(f"{shown(path)}: {what}", "expected a file")
