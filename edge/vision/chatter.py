"""Keep the runtimes' greetings from the terminal.

C++ code writes them to descriptor 2, past Python and all its settings, so the descriptor itself is turned away.
"""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# TensorFlow Lite's own, and absl's in the form I0000 00:00:1764...; warnings and errors are passed on.
GREETING = re.compile(r"(INFO: |I\d{4} |WARNING: All log messages before absl::InitializeLog\(\) is called)")

_one_at_a_time = threading.Lock()


@contextmanager
def without_chatter() -> Iterator[None]:
    """Hold back what anybody writes to standard error, and pass it on afterwards without the greetings."""
    with _one_at_a_time, tempfile.TemporaryFile() as held_back:
        try:
            original = os.dup(2)
        except OSError:  # closed: nobody sees anything
            yield
            return
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            os.close(original)
            held_back.seek(0)
            _pass_on(held_back.read().decode(errors="replace"))


def _pass_on(text: str) -> None:
    kept = [line for line in text.splitlines(keepends=True) if not GREETING.match(line)]
    if kept and sys.stderr:
        sys.stderr.write("".join(kept))
        sys.stderr.flush()
