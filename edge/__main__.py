"""Command line of the device: `python -m edge run | pause | resume | analyze | export | report | forget | doctor | benchmark | ...`."""

import argparse
import logging
import os
import sys
from pathlib import Path

import msgspec

from edge import __version__, settings
from edge.errors import EXIT_TRY_AGAIN, EdgeError, UsageError
from edge.source import read_argument

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
        help="auto, camera, picamera, picamera:N, usb:N, /dev/videoN, rtsp://..., http://..., a video file or a folder of images; @FILE: "
        "what the first line of FILE says, for an address with a password (default: auto, which is the Pi camera, else the "
        "first USB camera, else a demo; camera is auto without the demo)",
    )
    run.add_argument("--realtime", action="store_true", help="play a video file at its own pace (default: flat out)")
    run.set_defaults(command=_run)

    pause = commands.add_parser("pause", help="close the camera of `run`, until resumed; outlives restarts")
    pause.set_defaults(command=_pause)
    resume = commands.add_parser("resume", help="let `run` take pictures again")
    resume.set_defaults(command=_resume)

    analyze = commands.add_parser("analyze", help="photos, folders and videos to JSON lines")
    analyze.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="photo, video, or folder of them")
    analyze.add_argument("--output", type=Path, metavar="FILE", help="write the lines there (default: standard output)")
    analyze.add_argument(
        "--annotate", type=Path, metavar="DIR", help="also write each frame with its boxes there, as JPEG"
    )
    _add_config(analyze)
    analyze.set_defaults(command=_analyze)

    export = commands.add_parser("export", help="the log as CSV or JSON lines; also while the daemon writes it")
    _add_log(export)
    export.add_argument(
        "--table",
        choices=("observations", "episodes"),
        default="observations",
        help="a row per face and interval, or per face and emotion from its start to its end (default: observations)",
    )
    export.add_argument("--format", choices=("csv", "jsonl"), default="csv", help="default: csv")
    export.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    export.set_defaults(command=_export)

    report = commands.add_parser("report", help="the log as one page of charts that any browser shows")
    _add_log(report)
    report.add_argument("--output", type=Path, default=Path("report.html"), metavar="FILE", help="default: report.html")
    report.set_defaults(command=_report)

    forget = commands.add_parser("forget", help="delete what the log knows of a time, also while the daemon runs")
    _add_log(forget)
    forget.add_argument("--all", action="store_true", help="from the beginning (else --since or --until is needed)")
    forget.add_argument("--yes", action="store_true", help="do not ask (default: ask twice)")
    forget.set_defaults(command=_forget)

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


def _add_config(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML (default: built-in settings)")


def _add_log(parser: argparse.ArgumentParser) -> None:
    from edge.commands.times import moment

    log = parser.add_mutually_exclusive_group()
    _add_config(log)
    log.add_argument("--log", type=Path, metavar="FILE", help="event log (default: the one that the settings name)")
    for name, which in (("--since", "first"), ("--until", "end, itself left out")):
        parser.add_argument(
            name,
            type=moment,
            metavar="TIME",
            help=f"{which} of the time chosen: 2026-11-22T14:30 (local time, or with an offset or Z), or how long ago: "
            "90s, 30m, 24h, 7d, 2w (default: all)",
        )


def _run(args: argparse.Namespace) -> int:
    from edge.daemon.service import run

    chosen = settings.load(args.config)
    source = read_argument(args.source) if args.source else chosen.camera.source
    realtime = args.realtime or chosen.camera.realtime
    camera = msgspec.structs.replace(chosen.camera, source=source, realtime=realtime)
    return run(msgspec.structs.replace(chosen, camera=camera))


def _pause(args: argparse.Namespace) -> int:
    from edge.daemon.pause import flag_path, pause

    pause(flag_path())
    print(f"paused: {flag_path().absolute()}")
    return 0


def _resume(args: argparse.Namespace) -> int:
    from edge.daemon.pause import flag_path, resume

    resume(flag_path())
    print(f"resumed: {flag_path().absolute()} is gone")
    return 0


def _analyze(args: argparse.Namespace) -> int:
    from edge.cameras.kinds import MEDIA_SUFFIXES
    from edge.commands.analyze import Analysis, find
    from edge.drawing import AnnotatedFolder
    from edge.vision.pipeline import Pipeline

    if args.output and args.output.suffix.lower() in MEDIA_SUFFIXES:
        raise UsageError(f"{args.output}: JSON lines go there, not pictures; give it a name such as faces.jsonl")
    found = find(args.paths)
    chosen = settings.load(args.config)
    pipeline = Pipeline.from_settings(chosen)
    annotated = AnnotatedFolder(args.annotate) if args.annotate else None
    if not args.output:
        return Analysis(pipeline, sys.stdout, annotated, chosen.camera.max_megapixels).run(found)
    with args.output.open("w", encoding="utf-8") as output:
        return Analysis(pipeline, output, annotated, chosen.camera.max_megapixels).run(found)


def _export(args: argparse.Namespace) -> int:
    from edge.commands.export import export

    log = _log_of(args)
    problems = export(log, args.output, args.table, args.format, args.since, args.until)
    return _told(log, problems)


def _report(args: argparse.Namespace) -> int:
    from edge.commands.report import report

    log = _log_of(args)
    problems = report(log, args.output, args.since, args.until)
    print(f"wrote {args.output}")
    return _told(log, problems)


def _forget(args: argparse.Namespace) -> int:
    from edge.commands.forget import run

    if not (args.all or args.since or args.until):
        raise UsageError("expected --since TIME, --until TIME or --all, found none; for example: forget --since 1h")
    if args.all and (args.since or args.until):
        raise UsageError("expected --all, or --since and --until; found both")
    return run(_log_of(args), args.since, args.until, args.yes)


def _told(log: Path, problems: str) -> int:
    """Say what of `log` could not be read; returns the exit status."""
    if problems:
        logging.error("%s: %s; the rest is complete", log, problems)
    return EXIT_TRY_AGAIN if problems else 0


def _log_of(args: argparse.Namespace) -> Path:
    return args.log or settings.log_path(settings.load(args.config))


def _doctor(args: argparse.Namespace) -> int:
    from edge.commands import doctor

    findings = doctor.examine(args.config)
    (doctor.show_json if args.json else doctor.show)(findings, sys.stdout)
    return doctor.exit_code(findings)


def _benchmark(args: argparse.Namespace) -> int:
    from edge.commands import benchmark

    return benchmark.run(settings.load(args.config), args.source, args.seconds, args.json)


def _fetch_yunet(args: argparse.Namespace) -> int:
    from edge.commands.fetch_yunet import YUNET_SHA256, YUNET_URL, fetch

    fetch(YUNET_URL, YUNET_SHA256, settings.DEFAULT_YUNET)
    print(f"wrote {settings.DEFAULT_YUNET}; it is used where the settings say [detector] kind = 'yunet'")
    return 0


def _set_up_logging() -> None:
    """Diagnostics to standard error; no timestamps, the journal adds them."""
    # What OpenCV and FFmpeg would print about a damaged file, our one line says.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "FATAL")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
