"""The edge tests and 500 predictions on real aarch64 wheels, emulated: make test-arm64

    .venv-edge/bin/python -m tests.pi [3.11] [3.13] [--fer2013 FILE.csv]

Emulated timings mean nothing.
"""

import argparse
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.contract import LABELS
from edge.settings import PROJECT
from tests.pi import faces, machine, predict

LARGEST_DIFFERENCE_LSB = 1
# Without hypothesis' thousands of examples: no processor changes what they are about, and after some of Bookworm's
# wheels subnormal numbers are switched off, without which hypothesis refuses to draw any.
PYTEST = ("-m", "not hypothesis", "tests/edge")
TEST_CPU = {"3.11": "cortex-a72", "3.13": "cortex-a76"}  # Bookworm on a Pi 4, Trixie on a Pi 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", metavar="PYTHON", help="3.11 (Bookworm), 3.13 (Trixie); default both")
    parser.add_argument(
        "--fer2013",
        type=Path,
        metavar="FILE",
        default=os.environ.get("FER2013_CSV"),
        help="predict its first 500 faces (default: $FER2013_CSV, else faces of the demo)",
    )
    args = parser.parse_args()
    pythons = args.pythons or list(machine.RELEASES)
    if unknown := set(pythons) - set(machine.RELEASES):
        parser.error(f"no Raspberry Pi OS has Python {', '.join(unknown)}; known: {', '.join(machine.RELEASES)}")
    images = faces.read(args.fer2013)
    expected = predict.scores(images)
    machine.qemu()  # for both: they must not fetch it at the same time
    with ThreadPoolExecutor() as pool:  # a core for each; what one prints comes when it has ended
        return 0 if all(list(pool.map(lambda python: check(python, images, expected), pythons))) else 1


def check(python: str, images: npt.NDArray[np.uint8], expected: npt.NDArray[np.int8]) -> bool:
    """Build the emulated Pi, compare its predictions, run the tests on it."""
    title = f"Python {python}, {machine.RELEASES[python].capitalize()}"
    started = time.monotonic()
    emulated = machine.build(python)
    print(f"{title}: ready after {time.monotonic() - started:.0f} s", flush=True)
    agreed = [agrees(emulated, cpu, images, expected) for cpu in machine.CPUS]
    started = time.monotonic()
    tested = start(emulated, TEST_CPU[python], "pytest", "-q", "-p", "no:cacheprovider", *PYTEST)
    print(f"{title}: tests ended with status {tested} after {time.monotonic() - started:.0f} s", flush=True)
    return all(agreed) and tested == 0


def agrees(emulated: Path, cpu: str, images: npt.NDArray[np.uint8], expected: npt.NDArray[np.int8]) -> bool:
    """Whether the emulated `cpu` predicts `expected`, `(N, 7) int8`, within one step of the int8 output."""
    given, found = (emulated.parents[1] / name for name in ("faces.npy", "scores.npy"))
    found.unlink(missing_ok=True)
    np.save(given, images)
    if start(emulated, cpu, "tests.pi.predict", given, found):
        return False
    scores = np.load(found)
    difference = np.abs(scores.astype(int) - expected)
    differing = np.count_nonzero(difference)
    labels = np.count_nonzero(scores.argmax(1) != expected.argmax(1))
    print(
        f"  {cpu} ({machine.CPUS[cpu]}): {len(images)} faces, {differing} of {difference.size} scores differ, "
        f"by {difference.max()}/256 at most; {labels} labels differ",
        flush=True,
    )
    return bool(difference.max() <= LARGEST_DIFFERENCE_LSB) and scores.shape == (len(images), len(LABELS))


def start(emulated: Path, cpu: str, module: str, *arguments: object) -> int:
    environment = os.environ | {"PI_CPU": cpu, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(emulated), "-m", module, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(done.stdout, end="", flush=True)
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main())
