"""Listen at a Unix socket's file. It replaces a stale socket, and nothing else."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BACKLOG = 128  # connections that wait to be taken in
MODE = 0o660  # the user of the service, and whoever is in its group


def listen(path: Path) -> tuple[socket.socket, int]:
    """A socket that listens at `path`, and its file's inode. Raises OSError where that is not possible."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with short(path) as address:
        _refuse_to_replace(path, address)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        listener.setblocking(False)
        try:
            return listener, _bind(listener, Path(address))
        except OSError:
            listener.close()
            raise


@contextmanager
def short(path: Path) -> Iterator[str]:
    """An address of the socket `path` by its folder's descriptor: no system takes more than 108 bytes."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _bind(listener: socket.socket, path: Path) -> int:
    """Listen at `path`, which nobody sees before its mode is right; returns its inode."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    listener.bind(str(draft))
    draft.chmod(MODE)
    listener.listen(BACKLOG)
    inode = draft.stat().st_ino
    draft.rename(path)
    return inode


def _refuse_to_replace(path: Path, address: str) -> None:
    """Raise OSError where another daemon listens at `address`, or where no socket lies."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError("what lies there is no socket: remove it")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as visitor:
        visitor.setblocking(False)
        try:
            visitor.connect(address)
        except ConnectionRefusedError:  # left by a daemon that was killed
            return
        except BlockingIOError:
            pass
    raise FileExistsError("another daemon listens there")
