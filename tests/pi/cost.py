"""Instructions that a Pi's core executes for a frame, a face, a network: make pi-cost

    .venv-edge/bin/python -m tests.pi.cost [cortex-a76 cortex-a72 cortex-a53] [--networks]

A whole machine is emulated, with a clock that advances by a nanosecond an instruction: exact to three digits, the same
on any machine and under any load, through the very kernels that XNNPACK and OpenCV choose on that core. No cache misses
and no waiting are counted: it is a count, not a time. Needs Debian's qemu-system-arm and cpio; some minutes a core.
"""

import argparse
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edge.settings import PROJECT
from tests.pi import machine
from tests.pi.kernel import kernel
from tests.pi.milliseconds import milliseconds

PYTHON = "3.13"
PROGRAMS = ("qemu-system-aarch64", "cpio")
PACKAGES = (  # of the emulated environment, what edge needs: the machine's memory holds them all
    *("numpy", "numpy.libs", "cv2", "opencv_python_headless.libs", "ai_edge_litert", "msgspec"),
    *("tqdm", "flatbuffers", "google", "ml_dtypes", "backports", "typing_extensions.py"),
)
MEMORY_MB = 3000
LIMIT_SECONDS = 1800
COUNT = "COUNT "  # before each result
STARTED = (COUNT, "Traceback", "  File")
INIT = """import runpy
import sys

sys.path[:0] = ["/sp", "/em"]
runpy.run_module("tests.pi.{program}", run_name="__main__")
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cpus", nargs="*", metavar="CPU", help=f"default: {' '.join(machine.CPUS)}")
    parser.add_argument("--networks", action="store_true", help="count the networks alone")
    args = parser.parse_args()
    cpus = known_cpus(parser, args.cpus)
    archive = initramfs("counted")
    counted = [print_counts(cpu, archive, args.networks) for cpu in cpus]
    return 0 if all(counted) else 1


def known_cpus(parser: argparse.ArgumentParser, cpus: list[str]) -> list[str]:
    """The cores that were asked for, else all; ends the program where one is unknown, or no machine can be emulated."""
    if unknown := set(cpus) - set(machine.CPUS):
        parser.error(f"no Pi has a {', '.join(unknown)}; known: {', '.join(machine.CPUS)}")
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        parser.error(f"no {' and no '.join(missing)} here: sudo apt install -y qemu-system-arm cpio")
    return cpus or list(machine.CPUS)


def initramfs(program: str, extra: Sequence[Path] = ()) -> Path:
    """Pack the emulated Pi's system, its packages, this project and what is `extra` as the machine's file system.

    Its only process will be `tests.pi.<program>`.
    """
    machine.build(PYTHON)
    folder, archive = machine.CACHE / "initramfs", machine.CACHE / "initramfs.cpio"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(machine.CACHE / PYTHON / "root", folder, symlinks=True)
    for name in ("proc", "sys", "dev", "tmp", "sp", "em/tests"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    packages = next((machine.CACHE / PYTHON / "lib").glob("*/site-packages"))
    for name in PACKAGES:
        _copy(packages / name, folder / "sp")
    for path in (PROJECT / "edge", PROJECT / "models", *extra):
        _copy(path, folder / "em")
    _copy(Path(__file__).parent, folder / "em" / "tests")
    (folder / "init.py").write_text(INIT.format(program=program))
    names = subprocess.run(["find", "."], cwd=folder, capture_output=True, check=True).stdout
    with archive.open("wb") as out:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=folder, input=names, stdout=out, check=True)
    return archive


def print_counts(cpu: str, archive: Path, networks: bool) -> bool:
    """Print what a machine with this `cpu` counts; whether it counted anything and nothing failed."""
    print(f"{cpu} ({machine.CPUS[cpu]}), million instructions")
    lines = emulate(cpu, archive, "COUNTED=networks" if networks else "")
    for line in lines:
        print(f"  {with_milliseconds(line, cpu)}", flush=True)
    return any(line.startswith(COUNT) for line in lines) and not any(line.startswith("Traceback") for line in lines)


def emulate(cpu: str, archive: Path, variable: str = "") -> list[str]:
    """Boot a machine with this `cpu`; returns what it counted and what failed, else the last that it said.

    `variable` (NAME=VALUE) is put into its program's environment.
    """
    command = _command(cpu, archive, variable)
    said = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, errors="replace")
    lines = said.stdout.splitlines()
    telling = [line.rstrip() for line in lines if line.startswith(STARTED) or "Error" in line]
    return telling or [*lines[-5:], said.stderr]


def with_milliseconds(line: str, cpu: str) -> str:
    """A line `COUNT name: millions` with the range of milliseconds; any other as it is."""
    if not line.startswith(COUNT):
        return line
    text = line.removeprefix(COUNT)
    span = milliseconds(float(text.rpartition(": ")[2]), cpu)
    return f"{text} (computed: {span[0]:.1f} to {span[1]:.1f} ms)" if span else text


def _command(cpu: str, archive: Path, variable: str) -> list[str]:
    # What the kernel does not know on its command line becomes an environment variable of the only process.
    append = f"console=ttyAMA0 rdinit=/usr/bin/python{PYTHON} quiet {variable} -- -S /init.py"
    machine_options = ["-M", "virt", "-cpu", cpu, "-m", str(MEMORY_MB), "-nographic", "-no-reboot"]
    clock = ["-icount", "shift=0,sleep=off"]
    files = ["-kernel", str(kernel(machine.CACHE)), "-initrd", str(archive)]
    return ["qemu-system-aarch64", *machine_options, *clock, *files, "-append", append]


def _copy(source: Path, folder: Path) -> None:
    """A file or a folder; what is not there on this system is not needed."""
    if source.is_dir():
        shutil.copytree(source, folder / source.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    elif source.exists():
        shutil.copy(source, folder)


if __name__ == "__main__":
    raise SystemExit(main())
