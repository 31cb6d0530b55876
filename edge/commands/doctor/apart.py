"""Run the checks that load OpenCV, numpy and the runtime in a process of their own: a damaged library may end it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from edge.commands.doctor.findings import Finding, problem
from edge.errors import EXIT_CONFIG
from edge.settings import PROJECT

TIMEOUT_SECONDS = 90.0  # a Pi Zero 2 W loads all from a cold card in 30
LIBRARIES = ("numpy", "cv2", "ai_edge_litert.interpreter", "tflite_runtime.interpreter")
ABSENT = "No module named"
REMEDY = (
    "make the environment again: install.sh on the device, else `make edge-env`; "
    "what apt brought: sudo apt install --reinstall python3-numpy python3-picamera2"
)


def examine_apart(config: Path | None) -> list[Finding]:
    """What the checks found until they ended, and why they ended too early where they did."""
    arguments = ["-m", "edge.commands.doctor"]
    if config is not None:
        arguments.append(str(config))
    done = run_python(*arguments)
    findings = [Finding(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith('{"check"')]
    if done.returncode == 0:
        return findings
    damaged = damaged_libraries()
    if not damaged:
        damaged = [problem("libraries", f"the checks {how_it_ended(done)}", REMEDY, EXIT_CONFIG)]
    return [*findings, *damaged]


def damaged_libraries() -> list[Finding]:
    """A problem for each library that is installed and cannot be loaded; numpy and OpenCV must be there."""
    findings = []
    for library in LIBRARIES:
        done = run_python("-c", f"import {library}")
        how = how_it_ended(done)
        is_optional = "." in library
        if done.returncode and not (is_optional and ABSENT in how):
            findings.append(
                problem(
                    "libraries",
                    f"{library} cannot be loaded: Python {how}",
                    REMEDY,
                    EXIT_CONFIG,
                )
            )
            if library == "numpy":  # which the others need
                break
    return findings


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run this Python with `arguments`; one that hangs is ended, with status 124."""
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-P", *arguments]  # what lies in the caller's folder is no library
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no answer within {TIMEOUT_SECONDS:g} s")
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", f"Python cannot be started ({error.strerror})")


def how_it_ended(done: subprocess.CompletedProcess[str]) -> str:
    """The signal, or the last line of what it said: a traceback ends with the reason."""
    if done.returncode < 0:
        return f"was ended by {signal.Signals(-done.returncode).name}"
    lines = done.stderr.strip().splitlines()
    return f"says {lines[-1]}" if lines else f"ended with status {done.returncode}"
