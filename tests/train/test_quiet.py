"""What C++ prints does not reach the user; what Python prints does."""

import os
import subprocess
import sys

from edge.settings import PROJECT

PROGRAM = """
import os, sys
import train
from train.quiet import import_keras, quiet
print("before")
import_keras()
with quiet():
    os.write(2, b"a notice")
print("after")
print("an error", file=sys.stderr)
"""


def test_tensorflow_is_imported_without_a_word() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("before\nafter\n", "an error\n")
