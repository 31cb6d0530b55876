"""Print what a running daemon sees, from its live socket, until stopped."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from edge.daemon.streams import CLEAR_LINE
from edge.daemon.unix_socket import short

RETRY_SECONDS = 1.0

Message = dict[str, Any]


def watch(path: Path, stream: TextIO, sleep: Callable[[float], None] = time.sleep) -> None:
    """Write a line for each change, or rewrite one line of a terminal; waits for a daemon that is not there."""
    screen = Screen(stream)
    while True:
        try:
            for message in listen(path):
                screen.show(message)
        except BrokenPipeError:  # nobody reads what this prints
            raise
        except ValueError:
            screen.say(f"what listens at {path} is no daemon of this program; waiting for one")
        except OSError as error:
            screen.say(f"no daemon at {path} ({error.strerror or error}); waiting for it")
        else:
            screen.say("the daemon has ended; waiting for the next one")
        sleep(RETRY_SECONDS)


def listen(path: Path) -> Iterator[Message]:
    """The messages of the daemon at `path`, until it ends. Raises OSError where there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        with short(path) as address:
            connection.connect(address)
        with connection.makefile("rb") as lines:
            for line in lines:
                yield json.loads(line)


class Screen:
    """Shows messages to a person."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._in_place = stream.isatty()
        self._open_line = False
        self._shown = ""

    def show(self, message: Message) -> None:
        kind = message.get("type")
        if kind == "hello":
            self.say(f"emotion-edge {message['version']}, {message['model']}, detector {message['detector']}")
        elif kind == "error":
            self.say(str(message["message"]))
        elif kind == "live":
            self._show_live(message)

    def say(self, text: str) -> None:
        """Write a line of its own, once."""
        if text == self._shown:
            return
        self._shown = text
        self._stream.write(("\n" if self._open_line else "") + text + "\n")
        self._stream.flush()
        self._open_line = False

    def _show_live(self, message: Message) -> None:
        state = message["camera"]
        if state["state"] != "watching":
            self.say(state["text"])
            return
        seen = describe(message["faces"])
        time_of_day = datetime.fromisoformat(message["utc"]).astimezone()
        line = f"{time_of_day:%H:%M:%S}  {message['frames_per_second']:4.1f} fps  {seen}"
        if self._in_place:
            self._stream.write(CLEAR_LINE + line)
            self._stream.flush()
            self._open_line = True
            self._shown = ""
        elif names(message["faces"]) != self._shown:
            self.say(line)
            self._shown = names(message["faces"])


def describe(faces: list[Message]) -> str:
    """As in "#1 happy 93%   #2 sad? 41%": the question mark says that the model is not certain."""
    parts = [
        f"#{face['track']} {face['emotion']}{'' if face['certain'] else '?'} {face['score']:.0%}" for face in faces
    ]
    return "   ".join(parts) or "no face"


def names(faces: list[Message]) -> str:
    """What is worth a new line when it changes."""
    return " ".join(f"#{face['track']} {face['emotion']} {face['certain']}" for face in faces) or "no face"
