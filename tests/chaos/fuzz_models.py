"""Mutated models whose manifests vouch for them, each given to the real program: run, or refused with exit status 78.

    .venv-edge/bin/python -m tests.chaos.fuzz_models [--seed 1] [--count 1000]

Prints what went wrong, and counts of how it ended. Keeps each model that showed a fault beside the command.
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from edge.cameras import DEMO
from edge.settings import DEFAULT_GRAYNET, DEFAULT_MODEL
from tests.program import environment

MEMORY_LIMIT_MB = 700.0
SETTINGS = "[classifier]\nmodel = '{model}'\n"
DETECTOR_SETTINGS = "[detector]\ngraynet_model = '{model}'\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument("--count", type=int, default=1000, metavar="N", help="models (default: 1000)")
    args = parser.parse_args()
    outcomes: Counter[str] = Counter()
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        photo = write_photo(Path(folder))
        for number in tqdm(range(args.count), disable=None):
            chance = random.Random(f"{args.seed} {number}")
            source = chance.choice([DEFAULT_MODEL, DEFAULT_GRAYNET])
            content = mutated(source.read_bytes(), chance)
            outcome = run(Path(folder), source, content, photo)
            outcomes[outcome.split(":")[0]] += 1
            if not outcome.startswith(("runs", "refused")):
                kept = Path(f"fault-{args.seed}-{number}-{source.name}")
                kept.write_bytes(content)
                faults.append(f"{kept}: {outcome}")
    print("\n".join([*faults, *(f"{count:6} {outcome}" for outcome, count in outcomes.most_common())]))
    return 1 if faults else 0


def write_photo(folder: Path) -> Path:
    import cv2

    video = cv2.VideoCapture(str(DEMO))
    _, frame = video.read()
    photo = folder / "photo.png"
    cv2.imwrite(str(photo), frame)
    return photo


def mutated(content: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, mostly where the graph is described; sometimes cut off, or pieces exchanged."""
    copy = bytearray(content)
    ends = [4096, len(copy) // 8, len(copy)]
    for _ in range(chance.choice([1, 3, 10, 100])):
        start = chance.choice([0, max(0, len(copy) - 20_000)])
        place = chance.randrange(start, start + min(chance.choice(ends), len(copy) - start))
        copy[place] = chance.choice([0, 255, 127, 128, chance.randrange(256)])
    if chance.random() < 0.1:
        del copy[chance.randrange(len(copy)) :]
    if chance.random() < 0.1 and len(copy) > 200:
        first = chance.randrange(len(copy) - 100)
        copy[first : first + 100] = copy[-100:]
    return bytes(copy)


def run(folder: Path, source: Path, content: bytes, photo: Path) -> str:
    """How the program ended, in words."""
    model = folder / source.name
    model.write_bytes(content)
    manifest = json.loads(source.with_suffix(".json").read_text())
    manifest["sha256"] = hashlib.sha256(content).hexdigest()
    model.with_suffix(".json").write_text(json.dumps(manifest))
    text = SETTINGS if source == DEFAULT_MODEL else DETECTOR_SETTINGS
    (folder / "settings.toml").write_text(text.format(model=model))
    command = [sys.executable, "-m", "edge", "analyze", str(photo), "--config", str(folder / "settings.toml")]
    with (folder / "said").open("w+b") as said:
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        words = said.read().decode(errors="replace")
    megabytes = usage.ru_maxrss * 1024 / 1e6  # of the program and of its child, the larger
    if "Traceback" in words:
        return f"traceback: {words[-1500:]}"
    if process.returncode < 0:
        return f"signal: {-process.returncode}"
    if megabytes > MEMORY_LIMIT_MB:
        return f"memory: {megabytes:.0f} MB"
    outcomes = {0: "runs", 78: "refused"}
    return outcomes.get(process.returncode, f"status {process.returncode}: {words[-500:]}")


if __name__ == "__main__":
    sys.exit(main())
