"""Command line of the device: `python -m edge run | analyze | doctor | benchmark | fetch-yunet`."""

import argparse
import logging
import os
import sys
from pathlib import Path

import msgspec

from edge import __version__, settings
from edge.errors import EXIT_TRY_AGAIN, EdgeError

EXIT_SIGINT = 130  # 128 + SIGINT, what a shell shows after Ctrl-C
EXIT_SIGPIPE = 141  # 128 + SIGPIPE, what a shell shows for `... | head`


def main() -> int:
    args = _parser().parse_args()
    _set_up_logging()
    try:
        status: int = args.command(args)
        return status
    except EdgeError as error:
        logging.error("%s", error)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_SIGPIPE
    except OSError as error:
        logging.error("%s", error)
        return EXIT_TRY_AGAIN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edge", description="Recognize the emotions of faces, on a Raspberry Pi."
    )
    parser.add_argument("--version", action="version", version=f"emotion-edge {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="watch a camera and log emotions, until stopped")
    _add_config(run)
    run.add_argument(
        "--source",
        metavar="SOURCE",
        help="auto, camera, picamera, usb:N, a video file or a folder of images (default: auto, which is the Pi camera, "
        "else the first USB camera, else a demo; camera is auto without the demo)",
    )
    run.set_defaults(command=_run)

    analyze = commands.add_parser("analyze", help="photos, folders and videos to JSON lines")
    analyze.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="photo, video, or folder of them")
    analyze.add_argument("--output", type=Path, metavar="FILE", help="write the lines there (default: standard output)")
    analyze.add_argument(
        "--annotate", type=Path, metavar="DIR", help="also write each frame with its boxes there, as JPEG"
    )
    _add_config(analyze)
    analyze.set_defaults(command=_analyze)

    doctor = commands.add_parser("doctor", help="what is wrong on this device, and how to mend it")
    _add_config(doctor)
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.set_defaults(command=_doctor)

    benchmark = commands.add_parser("benchmark", help="time of each stage, FPS, memory and heat on this device")
    _add_config(benchmark)
    benchmark.add_argument(
        "--source", type=Path, metavar="PATH", help="video or folder of images (default: the demo that comes along)"
    )
    benchmark.add_argument(
        "--seconds", type=float, default=20.0, metavar="N", help="seconds to measure, 1 to 3600 (default: 20)"
    )
    benchmark.add_argument("--json", type=Path, metavar="OUT", help="also write the figures there, as JSON")
    benchmark.set_defaults(command=_benchmark)

    fetch = commands.add_parser(
        "fetch-yunet", help="download the YuNet face detector (MIT, 233 kB) and verify its sha256"
    )
    fetch.set_defaults(command=_fetch_yunet)
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML (default: built-in settings)")


def _run(args: argparse.Namespace) -> int:
    from edge.service import run

    wanted = settings.load(args.config)
    if args.source:
        wanted = msgspec.structs.replace(wanted, camera=msgspec.structs.replace(wanted.camera, source=args.source))
    return run(wanted)


def _analyze(args: argparse.Namespace) -> int:
    from edge.analysis import analyze, expand
    from edge.drawing import AnnotatedFolder
    from edge.service import make_analyzer

    files = [file for path in args.paths for file in expand(path)]
    analyzer = make_analyzer(settings.load(args.config))
    annotated = AnnotatedFolder(args.annotate) if args.annotate else None
    if not args.output:
        return analyze(files, analyzer, sys.stdout, annotated)
    with args.output.open("w", encoding="utf-8") as output:
        return analyze(files, analyzer, output, annotated)


def _doctor(args: argparse.Namespace) -> int:
    from edge import doctor

    findings = doctor.examine(args.config)
    (doctor.show_json if args.json else doctor.show)(findings, sys.stdout)
    return doctor.exit_code(findings)


def _benchmark(args: argparse.Namespace) -> int:
    from edge import benchmark

    return benchmark.run(settings.load(args.config), args.source, args.seconds, args.json)


def _fetch_yunet(args: argparse.Namespace) -> int:
    from edge.fetch import YUNET_SHA256, YUNET_URL, fetch

    fetch(YUNET_URL, YUNET_SHA256, settings.DEFAULT_YUNET)
    print(f"wrote {settings.DEFAULT_YUNET}")
    return 0


def _set_up_logging() -> None:
    """Diagnostics to standard error; no timestamps, the journal adds them."""
    # What OpenCV and FFmpeg would print about a damaged file, our one line says.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "FATAL")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
