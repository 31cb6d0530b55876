"""A network that breaks: a TCP proxy on loopback that cuts each connection after so many bytes to the server."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cutting(port: int, lengths: Iterator[int | None]) -> Iterator[int]:
    """Gives the port to connect to; connection number n is cut after the n-th of `lengths`, None: never."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, port, lengths), daemon=True).start()
        yield server.getsockname()[1]
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, port: int, lengths: Iterator[int | None]) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = server.accept()
            there = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=_pump, args=(there, client, None), daemon=True).start()
            threading.Thread(target=_pump, args=(client, there, next(lengths, None)), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket, length: int | None) -> None:
    """Carry bytes over, `length` of them; then both sides are cut off, in the middle of whatever it was."""
    with contextlib.suppress(OSError):
        while length is None or length > 0:
            chunk = source.recv(4096 if length is None else min(4096, length))
            if not chunk:
                break
            target.sendall(chunk)
            if length is not None:
                length -= len(chunk)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    source.close()
