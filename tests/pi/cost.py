"""Instructions that a Pi's core executes for a frame, a face, a network: make pi-cost

    .venv-edge/bin/python -m tests.pi.cost [cortex-a76 cortex-a72 cortex-a53] [--networks]

A whole machine is emulated, with a clock that advances by a nanosecond an instruction: exact to three digits, the same
on any machine and under any load, through the very kernels that XNNPACK and OpenCV choose on that core. No cache misses
and no waiting are counted: it is a count, not a time. Needs Debian's qemu-system-arm and cpio; some minutes a core.
"""

import argparse
import shutil
import subprocess
from pathlib import Path

from edge.settings import PROJECT
from tests.pi import machine
from tests.pi.kernel import kernel

PYTHON = "3.13"
PROGRAMS = ("qemu-system-aarch64", "cpio")
PACKAGES = (  # of the emulated environment, what edge needs: the machine's memory holds them all
    *("numpy", "numpy.libs", "cv2", "opencv_python_headless.libs", "ai_edge_litert", "msgspec"),
    *("tqdm", "flatbuffers", "google", "ml_dtypes", "backports", "typing_extensions.py"),
)
MEMORY_MB = 3000
LIMIT_SECONDS = 1800
STARTED = ("COUNT ", "Traceback", "  File")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cpus", nargs="*", metavar="CPU", help=f"default: {' '.join(machine.CPUS)}")
    parser.add_argument("--networks", action="store_true", help="count the networks alone")
    args = parser.parse_args()
    if unknown := set(args.cpus) - set(machine.CPUS):
        parser.error(f"no Pi has a {', '.join(unknown)}; known: {', '.join(machine.CPUS)}")
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        parser.error(f"no {' and no '.join(missing)} here: sudo apt install -y qemu-system-arm cpio")
    archive = initramfs()
    counted = [count(cpu, archive, args.networks) for cpu in args.cpus or machine.CPUS]
    return 0 if all(counted) else 1


def initramfs() -> Path:
    """Pack the emulated Pi's system, its packages and this project as the machine's only file system."""
    machine.build(PYTHON)
    folder, archive = machine.CACHE / "initramfs", machine.CACHE / "initramfs.cpio"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(machine.CACHE / PYTHON / "root", folder, symlinks=True)
    for name in ("proc", "sys", "dev", "tmp", "sp", "em"):
        (folder / name).mkdir(exist_ok=True)
    packages = next((machine.CACHE / PYTHON / "lib").glob("*/site-packages"))
    for name in PACKAGES:
        _copy(packages / name, folder / "sp")
    for name in ("edge", "models"):
        _copy(PROJECT / name, folder / "em")
    shutil.copy(Path(__file__).with_name("counted.py"), folder / "init.py")
    names = subprocess.run(["find", "."], cwd=folder, capture_output=True, check=True).stdout
    with archive.open("wb") as out:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=folder, input=names, stdout=out, check=True)
    return archive


def count(cpu: str, archive: Path, networks: bool) -> bool:
    """Boot a machine with this `cpu` and print what it counts; whether it counted anything and nothing failed."""
    said = subprocess.run(_command(cpu, archive, networks), capture_output=True, text=True, timeout=LIMIT_SECONDS)
    lines = said.stdout.splitlines()
    print(f"{cpu} ({machine.CPUS[cpu]}), million instructions")
    for line in lines:
        if line.startswith(STARTED) or "Error" in line:
            print("  " + line.removeprefix("COUNT ").rstrip(), flush=True)
    counts = [line for line in lines if line.startswith("COUNT ")]
    if not counts:
        print("\n".join([*lines[-5:], said.stderr]), flush=True)
    return bool(counts) and not any(line.startswith("Traceback") for line in lines)


def _command(cpu: str, archive: Path, networks: bool) -> list[str]:
    # What the kernel does not know on its command line becomes an environment variable of the only process.
    append = (
        f"console=ttyAMA0 rdinit=/usr/bin/python{PYTHON} quiet {'COUNTED=networks ' if networks else ''}-- -S /init.py"
    )
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
