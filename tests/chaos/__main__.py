"""Hurt the real daemon in every way listed in faults.py, and see that no committed row is lost or doubled.

make chaos [SEED=1] [ONLY='disk full']    or: .venv-edge/bin/python -m tests.chaos [--seed 1] [--only NAME]
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.faults import FAULTS, Fault
from tests.chaos.frames import write_good
from tests.chaos.trial import MEMORY_LIMIT_MB, FaultError, Trial

HEAD = "fault                  rounds starts   rows  lost doubled damaged  peak MB      s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="of all random moments and places (default: 1)")
    parser.add_argument("--only", choices=FAULTS, action="append", metavar="NAME", help=f"of {', '.join(FAULTS)}")
    args = parser.parse_args()
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        frames = Path(folder, "good.npy")
        write_good(frames)
        print(HEAD, flush=True)
        for number, name in enumerate(args.only or FAULTS):
            own = Path(folder, str(number))
            own.mkdir()
            trial = Trial(name, own, frames, random.Random(f"{args.seed} {name}"))
            problems += hurt(trial, FAULTS[name])
    print(
        "\n".join(problems)
        or "no committed row lost or doubled, every log whole; every start logged again, but on a log that it refused"
    )
    return 1 if problems else 0


def hurt(trial: Trial, fault: Fault) -> list[str]:
    """Play one fault and print its line; returns what went wrong."""
    started_s = time.monotonic()
    problems = []
    try:
        fault(trial)
    except (FaultError, AssertionError) as failure:
        problems.append(f"{trial.name}: {failure or 'episodes and observations contradict each other'}")
    finally:
        trial.end()
    witness = trial.witness
    counts = f"{trial.rounds_done:6} {trial.starts:6} {witness.checked:6} {witness.lost:5} {witness.doubled:7}"
    seconds = time.monotonic() - started_s
    print(f"{trial.name:22} {counts} {witness.damaged:7} {trial.peak_mb:8.0f} {seconds:6.0f}  {trial.note}", flush=True)
    if witness.lost or witness.doubled or witness.damaged:
        problems.append(f"{trial.name}: {witness.lost} rows lost, {witness.doubled} doubled, {witness.damaged} damaged")
    if trial.peak_mb > MEMORY_LIMIT_MB:
        problems.append(f"{trial.name}: {trial.peak_mb:.0f} MB resident, expected at most {MEMORY_LIMIT_MB:.0f}")
    return problems


if __name__ == "__main__":
    sys.exit(main())
