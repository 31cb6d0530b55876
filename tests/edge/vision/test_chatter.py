"""What a runtime's C++ code writes to standard error."""

import os
import subprocess
import sys
import threading

import pytest

from edge.vision.chatter import without_chatter
from edge.vision.runtime import RUNTIMES
from tests.program import environment, needs

GREETINGS = [
    "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n",
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n",
    "I0000 00:00:1764.5  12 cpu_info.cc:1] hello\n",
]


@pytest.mark.parametrize("greeting", GREETINGS)
def test_greetings_are_held_back_and_all_else_is_passed_on(greeting: str, capfd: pytest.CaptureFixture[str]) -> None:
    with without_chatter():
        os.write(2, greeting.encode() + b"ERROR: out of memory\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "ERROR: out of memory\nafter\n"


def test_an_error_leaves_the_descriptor_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), without_chatter():
        os.write(2, b"why\n")
        raise RuntimeError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "why\nafter\n"


def test_threads_do_not_take_each_others_descriptor(capfd: pytest.CaptureFixture[str]) -> None:
    def load() -> None:
        for _ in range(50):
            with without_chatter():
                os.write(2, b"INFO: hello\n")

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_loaded_model_says_nothing(runtime: str) -> None:
    needs(runtime)
    code = f"""
from edge.settings import DEFAULT_MODEL
from edge.vision.classifier import Classifier
print(Classifier.load(DEFAULT_MODEL, runtime={runtime!r}).runtime)
"""
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{runtime}\n", "")
