"""Time and memory against the `fer` package (25.10.3) on the same frames, in one run; prints the table.

    .venv-edge/bin/python -m tests.benchmarks.against_fer [CLIP] [--minutes N] [--config FILE] [--json OUT]

Builds an environment for `fer` in .cache/fer at first (TensorFlow, 2 GB). The rounds alternate, each on one core.
"""

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from edge.cameras import DEMO
from edge.settings import PROJECT
from tests.benchmarks import clips

FER = PROJECT / ".cache" / "fer"
# fer's own requirements pull PyTorch with CUDA, and OpenCV 5, in which it fails.
REQUIREMENTS = (
    "tensorflow==2.21.0 opencv-python-headless==4.14.0.94 moviepy<2 ffmpeg-python pandas requests matplotlib tqdm "
    "setuptools<81"
)
FRAMES = 100  # of the demo: one face in each
ROUNDS = 3
STARTS = 5
RUN_FPS = 15.0
IDLE_FPS = 10.0
IDLE_SECONDS = 40.0
SETTLE_SECONDS = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path, default=DEMO, help="video with one face (default: the demo)")
    parser.add_argument("--minutes", type=float, default=10.0, help="after which memory is read (default: 10)")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings of edge, without [log] (default: built-in)"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the figures there")
    args = parser.parse_args()
    python = build_fer()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), python, args.clip, args.minutes, args.config)
    print(table(figures, args.minutes))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")


def build_fer() -> Path:
    """The Python of `fer`'s environment, built where it is not there yet."""
    python = FER / "bin" / "python"
    ready = FER / "ready"
    if not ready.exists():
        print("building the environment of fer ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", FER], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *REQUIREMENTS.split()], check=True)
        subprocess.run([*pip, "--no-deps", "fer==25.10.3"], check=True)
        ready.touch()
    return python


def measure(folder: Path, fer_python: Path, clip: Path, minutes: float, config: Path | None) -> dict[str, object]:
    frames = clips.one_face(clip, FRAMES)
    np.save(folder / "frames.npy", frames)
    rounds: dict[str, list[dict]] = {"edge": [], "fer": []}
    for _ in range(ROUNDS):
        rounds["fer"].append(side(fer_python, "fer", folder))
        rounds["edge"].append(side(sys.executable, "edge", folder, config))
    long = folder / "long.mp4"
    idle = folder / "idle.mp4"
    clips.write(long, frames, RUN_FPS, minutes * 60 + 4 * SETTLE_SECONDS)
    clips.write(idle, clips.no_face(20), IDLE_FPS, IDLE_SECONDS + 4 * SETTLE_SECONDS)
    return {
        "faces": {name: [one["faces"] for one in found] for name, found in rounds.items()},
        "milliseconds": {
            name: {
                key: statistics.median(np.concatenate([one[key] for one in found]))
                for key in found[0]
                if key.endswith("_ms")
            }
            for name, found in rounds.items()
        },
        "fer_resident_mb": max(one["resident_mb"] for one in rounds["fer"]),
        "start_seconds": statistics.median(start_seconds(folder, long, config) for _ in range(STARTS)),
        "resident_mb": resident_mb(folder, long, config, minutes * 60),
        "idle_cpu_share": cpu_share(folder, idle, config),
    }


def side(python: str | Path, name: str, folder: Path, config: Path | None = None) -> dict:
    command = [python, "-m", "tests.benchmarks.sides", name, folder / "frames.npy"]
    if config:
        command.append(config.absolute())
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def running(folder: Path, source: Path, config: Path | None, commit_seconds: float = 10.0):
    """`python -m edge run` with a log of its own; gives the process and the log's path."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        settings = Path(own, "settings.toml")
        settings.write_text(
            (config.read_text() if config else "")
            + f"\n[log]\npath = '{own}/log.db'\ncommit_seconds = {commit_seconds}\n"
        )
        command = [sys.executable, "-m", "edge", "run", "--config", settings, "--source", source, "--realtime"]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, cwd=PROJECT, stdout=quiet, stderr=quiet) as process:
            try:
                yield process, Path(own, "log.db")
            finally:
                process.terminate()


def start_seconds(folder: Path, source: Path, config: Path | None) -> float:
    """From the process's start to its first row, which no commit in batches holds back."""
    start = time.perf_counter()
    with running(folder, source, config, commit_seconds=0.0) as (process, log):
        wait_for(process, log, "observations")
        return time.perf_counter() - start


def wait_for(process: subprocess.Popen, log: Path, table: str) -> None:
    """Return at the first row of `table`."""
    while not rows(log, table):
        if process.poll() is not None:
            raise SystemExit(f"`{' '.join(map(str, process.args))}` ended without a row in {table}")
        time.sleep(0.005)


def rows(log: Path, table: str) -> int:
    if not log.exists():
        return 0
    with closing(sqlite3.connect(f"file:{log}?mode=ro", uri=True)) as database:
        try:
            return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        except sqlite3.OperationalError:  # not made yet
            return 0


def resident_mb(folder: Path, source: Path, config: Path | None, seconds: float) -> float:
    with running(folder, source, config) as (process, log):
        wait_for(process, log, "observations")
        time.sleep(seconds)
        return int(proc(process, "status").split("VmRSS:")[1].split()[0]) / 1024


def cpu_share(folder: Path, source: Path, config: Path | None) -> float:
    """Of one core, by utime and stime (man proc_pid_stat), once it has started."""
    with running(folder, source, config) as (process, log):
        wait_for(process, log, "runs")
        time.sleep(SETTLE_SECONDS)
        before = cpu_seconds(process)
        start = time.monotonic()
        time.sleep(IDLE_SECONDS)
        share = (cpu_seconds(process) - before) / (time.monotonic() - start)
        if rows(log, "observations"):
            raise SystemExit("the detector saw a face in noise: idle time cannot be measured so")
        return share


def cpu_seconds(process: subprocess.Popen) -> float:
    fields = proc(process, "stat").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100  # USER_HZ is 100 on every Linux


def proc(process: subprocess.Popen, name: str) -> str:
    try:
        return Path(f"/proc/{process.pid}/{name}").read_text()
    except FileNotFoundError as error:
        raise SystemExit("`run` ended early; start it by hand to see why") from error


def table(figures: dict, minutes: float) -> str:
    fer = figures["milliseconds"]["fer"]
    edge = figures["milliseconds"]["edge"]
    rows = [
        ("analyze, ms a 640x480 frame with one face, on its own", edge["analyze_ms"], fer["analyze_ms"], "", ""),
        ("the same as video, the face followed", edge["followed_ms"], fer["analyze_ms"], "10x", "60x"),
        ("classifier alone, ms a face", edge["classify_ms"], fer["classify_ms"], "1x", "2x"),
        (f"resident memory after {minutes:g} min, MB", figures["resident_mb"], figures["fer_resident_mb"], "120", "80"),
        ("process start to first logged face, s", figures["start_seconds"], None, "1.5", "0.8"),
        ("idle at 10 frames/s, % of one core", 100 * figures["idle_cpu_share"], None, "15", "5"),
    ]
    lines = ["| what | edge | fer | ratio | floor | aim |", "|---|---|---|---|---|---|"]
    for what, ours, theirs, floor, aim in rows:
        against = f"{theirs:.2f} | {theirs / ours:.1f}x" if theirs else " | "
        lines.append(f"| {what} | {ours:.2f} | {against} | {floor} | {aim} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
