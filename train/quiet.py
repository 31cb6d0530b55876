"""Keep the notices of TensorFlow's C++ from the user: they are pages, and say nothing to act on."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

STANDARD_OUTPUT = 1
STANDARD_ERROR = 2


def import_keras() -> None:
    """Import Keras and its backend, which greets with a page of notices."""
    with quiet():
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow  # noqa: F401


@contextmanager
def quiet() -> Iterator[None]:
    """Swallow what C++ prints to standard output and error."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved_output = os.dup(STANDARD_OUTPUT)
    saved_error = os.dup(STANDARD_ERROR)
    with tempfile.TemporaryFile() as sink:
        try:
            os.dup2(sink.fileno(), STANDARD_OUTPUT)
            os.dup2(sink.fileno(), STANDARD_ERROR)
            yield
        finally:
            os.dup2(saved_output, STANDARD_OUTPUT)
            os.dup2(saved_error, STANDARD_ERROR)
            os.close(saved_output)
            os.close(saved_error)
