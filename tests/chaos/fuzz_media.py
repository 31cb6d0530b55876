"""Feed damaged pictures and videos to the real `analyze`, and see that it neither dies, hangs, swells nor keeps silent.

.venv-edge/bin/python -m tests.chaos.fuzz_media [--seed 1] [--count 300] [--keep DIR]
"""

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edge.cameras import DEMO
from edge.settings import PROJECT
from tests.fakes.media import SUFFIXES, video_bytes

MEMORY_LIMIT_MB = 700.0
FFMPEG_FILES = ("a.mp4", "a.webm", "a.ts", "a.gif", "a.mkv", "a.mpg", "a.3gp", "a.wmv", "a.flv", "a.ogv", "a.h264")
SECONDS_A_FILE = 60.0
FILES_A_RUN = 20
VIDEO_FORMS = (("avi", "MJPG"), ("mp4", "mp4v"), ("webm", "VP80"), ("mkv", "MJPG"), ("mov", "mp4v"))
WIDE = (0x00, 0x01, 0x7F, 0x80, 0xFF)
Mutation = Callable[[bytearray, random.Random], None]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="of all damage (default: 1)")
    parser.add_argument("--count", type=int, default=300, help="files (default: 300)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the files of a failed run there")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    seeds = good_files()
    problems: list[str] = []
    codes: Counter[int] = Counter()
    peak_mb = 0.0
    slowest_s = 0.0
    for first in range(0, args.count, FILES_A_RUN):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "media")
            folder.mkdir()
            for number in range(first, min(first + FILES_A_RUN, args.count)):
                suffix, content = rng.choice(seeds)
                (folder / f"{number:05d}{suffix}").write_bytes(damaged(content, rng))
            found, code, megabytes, seconds = trial(folder)
            problems += found
            codes[code] += 1
            peak_mb = max(peak_mb, megabytes)
            slowest_s = max(slowest_s, seconds)
            if found and args.keep:
                folder.rename(args.keep / f"seed{args.seed}-{first}")
    print(
        f"{args.count} files, seed {args.seed}, OpenCV {cv2.__version__}: exit codes {dict(codes)}, "
        f"peak {peak_mb:.0f} MB, slowest {FILES_A_RUN} files {slowest_s:.0f} s"
    )
    print("\n".join(problems) or "no signal, no traceback, no hang, every file a line or a word")
    return 1 if problems else 0


def good_files() -> list[tuple[str, bytes]]:
    """Small whole files of every kind that OpenCV writes here, and the head of the demo."""
    capture = cv2.VideoCapture(str(DEMO))
    frames = [capture.read()[1] for _ in range(8)]
    capture.release()
    small = cv2.resize(frames[0], (320, 240))
    files = [(suffix, cv2.imencode(suffix, small)[1].tobytes()) for suffix in SUFFIXES]
    progressive = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    files.append((".jpg", cv2.imencode(".jpg", small, progressive)[1].tobytes()))
    files.append((".png", cv2.imencode(".png", small.astype(np.uint16) * 257)[1].tobytes()))
    files.append((".webp", cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, 50])[1].tobytes()))
    tiny = [cv2.resize(frame, (160, 120)) for frame in frames]
    files += [(f".{suffix}", video_bytes(suffix, code, tiny)) for suffix, code in VIDEO_FORMS]
    files += _by_ffmpeg()
    return [(suffix, content) for suffix, content in files if content]


def _by_ffmpeg() -> list[tuple[str, bytes]]:
    """A second of the demo in forms that OpenCV does not write; none where ffmpeg is not installed."""
    if not shutil.which("ffmpeg"):
        print("no ffmpeg here: without H.264, VP9, MPEG-2 and GIF")
        return []
    files = []
    with tempfile.TemporaryDirectory() as folder:
        for name in FFMPEG_FILES:
            path = Path(folder, name)
            command = [
                "ffmpeg",
                "-loglevel",
                "error",
                "-i",
                str(DEMO),
                "-frames:v",
                "12",
                "-vf",
                "scale=192:-2",
                "-r",
                "25",
            ]
            subprocess.run([*command, str(path)], check=False)
            if path.exists():
                files.append((path.suffix, path.read_bytes()))
    return files


def damaged(content: bytes, rng: random.Random) -> bytes:
    """`content` with one to eight kinds of damage, most of it in the header, where sizes and counts stand."""
    corrupted = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        rng.choice(MUTATIONS)(corrupted, rng)
    return bytes(corrupted)


def _place(content: bytearray, rng: random.Random) -> int:
    reach = len(content) if rng.random() < 0.5 else min(len(content), 600)
    return rng.randrange(max(reach, 1))


def _flip_bit(content: bytearray, rng: random.Random) -> None:
    if content:
        content[_place(content, rng)] ^= 1 << rng.randrange(8)


def _set_number(content: bytearray, rng: random.Random) -> None:
    place = _place(content, rng)
    count = rng.choice((1, 2, 4))
    content[place : place + count] = bytes([rng.choice(WIDE)]) * count


def _scramble(content: bytearray, rng: random.Random) -> None:
    place = _place(content, rng)
    content[place : place + 16] = rng.randbytes(16)


def _cut_off(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content) + 1) :]


def _cut_out(content: bytearray, rng: random.Random) -> None:
    place = _place(content, rng)
    del content[place : place + rng.randrange(1, 200)]


def _repeat(content: bytearray, rng: random.Random) -> None:
    place = _place(content, rng)
    content[place:place] = content[place : place + rng.randrange(1, 2000)]


MUTATIONS: tuple[Mutation, ...] = (
    _flip_bit,
    _flip_bit,
    _set_number,
    _set_number,
    _scramble,
    _cut_off,
    _cut_out,
    _repeat,
)


def trial(folder: Path) -> tuple[list[str], int, float, float]:
    """Analyze `folder`; returns what went wrong, the exit code, the peak memory in MB and the seconds it took."""
    files = sorted(path.name for path in folder.iterdir())
    limit_s = SECONDS_A_FILE * len(files)
    command = [sys.executable, "-m", "edge", "analyze", folder.name]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    started_s = time.monotonic()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as diagnostics:
        process = subprocess.Popen(command, cwd=folder.parent, env=environment, stdout=output, stderr=diagnostics)
        usage, status, hung = _wait(process, limit_s)
        output.seek(0)
        diagnostics.seek(0)
        lines = output.read().decode()
        words = diagnostics.read().decode()
    problems = [f"{folder}: no end within {limit_s:.0f} s"] if hung else []
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        problems.append(f"{folder}: exit status {code}: {words[-500:]}")
    if "Traceback" in words:
        problems.append(f"{folder}: {words[-1500:]}")
    megabytes = usage.ru_maxrss / 1024
    if megabytes > MEMORY_LIMIT_MB:
        problems.append(f"{folder}: {megabytes:.0f} MB resident, expected at most {MEMORY_LIMIT_MB:.0f}")
    silent = [name for name in files if name not in lines and name not in words]
    if silent:
        problems.append(f"{folder}: neither a line nor a word for {', '.join(silent)}")
    return problems, code, megabytes, time.monotonic() - started_s


def _wait(process: subprocess.Popen[bytes], limit_s: float) -> tuple[resource.struct_rusage, int, bool]:
    """Wait for the process' end, or end it; returns what it used, its status, and whether it had to be ended."""
    deadline_s = time.monotonic() + limit_s
    hung = False
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage, status, hung
        if time.monotonic() > deadline_s:
            hung = True
            process.kill()
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
