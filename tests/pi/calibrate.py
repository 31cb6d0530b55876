"""Milliseconds that counted instructions take, as a range: programs are counted whose times on a Pi are published.

    .venv-edge/bin/python -m tests.pi.calibrate --ncnn FOLDER --yunet FILE.onnx [cortex-a76 cortex-a72]

FOLDER is a checkout of github.com/Tencent/ncnn, for the networks of its benchmark; FILE is what `edge fetch-yunet`
fetches. For each program the instructions a cycle that would explain its published time; `milliseconds.py` has the
least and the greatest of a core. Not measured on a Pi: a program that waits more for memory than these takes longer.
"""

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from convert.release.wheels import platform_arguments
from tests.pi import cost, machine

NCNN = "ncnn==1.0.20261020"


@dataclass(frozen=True)
class Published:
    """A time that somebody measured: one thread, milliseconds a run."""

    program: str
    cpu: str
    milliseconds: float
    gigahertz: float
    source: str


NCNN_TABLE = "github.com/Tencent/ncnn, benchmark/README.md, a4d2ea1, num_threads = 1, avg"
FACES_TABLE = "github.com/TonyCongqianWang/cv_facedetection_eval, time_comparison_pi.md, 99e2542, mean of its images"
PUBLISHED = (
    Published("squeezenet_int8", "cortex-a76", 11.82, 2.4, NCNN_TABLE),
    Published("mobilenet_int8", "cortex-a76", 14.44, 2.4, NCNN_TABLE),
    Published("resnet18_int8", "cortex-a76", 36.42, 2.4, NCNN_TABLE),
    Published("blazeface", "cortex-a76", 3.02, 2.4, NCNN_TABLE),
    Published("squeezenet_int8", "cortex-a72", 69.42, 1.8, NCNN_TABLE),
    Published("mobilenet_int8", "cortex-a72", 84.82, 1.8, NCNN_TABLE),
    Published("resnet18_int8", "cortex-a72", 158.50, 1.8, NCNN_TABLE),
    Published("blazeface", "cortex-a72", 12.65, 1.8, NCNN_TABLE),
    Published("yunet", "cortex-a72", 55.8, 1.5, FACES_TABLE),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    published = sorted({one.cpu for one in PUBLISHED}, reverse=True)
    parser.add_argument("cpus", nargs="*", metavar="CPU", default=published, help=f"default: {' '.join(published)}")
    parser.add_argument("--ncnn", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--yunet", type=Path, required=True, metavar="FILE")
    args = parser.parse_args()
    cpus = cost.known_cpus(parser, args.cpus)
    archive = cost.initramfs("references", [*wheel(), *networks(args.ncnn), args.yunet])
    return 0 if all([print_rates(cpu, archive) for cpu in cpus]) else 1


def wheel() -> list[Path]:
    """The reference's own runtime, for arm64."""
    folder = machine.CACHE / "ncnn"
    if not (folder / "ncnn").exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        subprocess.run([*command, *platform_arguments(cost.PYTHON), NCNN], check=True)
    return sorted(folder.glob("ncnn*"))


def networks(checkout: Path) -> list[Path]:
    """What describes the benchmark's networks; raises SystemExit where the folder is another."""
    names = sorted({one.program for one in PUBLISHED} - {"yunet"})
    paths = [checkout / "benchmark" / "models" / f"{name}.param" for name in names]
    if missing := [path.name for path in paths if not path.is_file()]:
        raise SystemExit(f"{checkout}: expected a checkout of ncnn, found no benchmark/models/{missing[0]}; clone it")
    return paths


def print_rates(cpu: str, archive: Path) -> bool:
    """Print a row for each program whose time on this core is published; whether all were counted."""
    lines = cost.emulate(cpu, archive)
    counted = dict(line.removeprefix(cost.COUNT).split(": ") for line in lines if line.startswith(cost.COUNT))
    rows = [one for one in PUBLISHED if one.cpu == cpu]
    print(f"{cpu} ({machine.CPUS[cpu]})\n  million instructions   published ms   GHz   instructions a cycle")
    for one in rows:
        millions = float(counted.get(one.program, "nan"))
        rate = millions / one.milliseconds / one.gigahertz
        print(
            f"  {one.program:18}{millions:8.1f}{one.milliseconds:13.2f}{one.gigahertz:6.1f}{rate:10.2f}   {one.source}"
        )
    return all(one.program in counted for one in rows)


if __name__ == "__main__":
    raise SystemExit(main())
