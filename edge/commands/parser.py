"""What every command of `python -m edge` takes: its options, with their units and defaults."""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

from edge import __version__
from edge.commands import actions, gateway, light, mqtt, notify, output
from edge.commands.options import add_config
from edge.commands.times import parse_time
from edge.daemon.command import command_name

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class _Described(argparse._SubParsersAction):  # type: ignore[type-arg]
    """A command's own help begins with what the list of commands says of it."""

    def add_parser(self, name: str, **options: Any) -> Any:
        text = options["help"]
        options.setdefault("description", f"{text[0].upper()}{text[1:]}.")
        return super().add_parser(name, **options)


SOURCES = (
    "auto, camera, picamera, picamera:N, usb:N, /dev/videoN, rtsp://..., http://..., a video file or a folder of "
    "images; @FILE: what the first line of FILE says, for an address with a password (default: auto, which is the Pi "
    "camera, else the first USB camera, else a demo; camera is auto without the demo)"
)


def make_parser() -> argparse.ArgumentParser:
    """The parser; what it returns has the command as `verb`, and the function to call as `command`."""
    parser = argparse.ArgumentParser(
        prog=command_name(), description="Recognize the emotions of faces, on a Raspberry Pi."
    )
    parser.add_argument("--version", action="version", version=f"emotion-edge {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="verb", action=_Described)
    _add_run(commands)
    _add_pause(commands)
    _add_watch(commands)
    gateway.add_to(commands)
    mqtt.add_to(commands)
    notify.add_to(commands)
    light.add_to(commands)
    _add_analyze(commands)
    _add_export(commands)
    _add_report(commands)
    _add_forget(commands)
    _add_doctor(commands)
    _add_settings(commands)
    _add_benchmark(commands)
    _add_fetch_yunet(commands)
    _add_completion(commands)
    return parser


def _add_run(commands: Commands) -> None:
    run = commands.add_parser("run", help="watch a camera and log emotions, until stopped (Ctrl-C)")
    add_config(run)
    run.add_argument("--source", metavar="SOURCE", help=SOURCES)
    run.add_argument("--realtime", action="store_true", help="play a video file at its own pace (default: flat out)")
    run.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="event log to write, also where the demo is shown (default: the one that the settings name)",
    )
    run.add_argument("--page", action="store_true", help="also serve the page, on this machine alone (default: do not)")
    run.set_defaults(command=actions.run)


def _add_pause(commands: Commands) -> None:
    pause = commands.add_parser("pause", help="close the camera of a running `run` until `resume`; outlives restarts")
    pause.set_defaults(command=actions.pause)
    resume = commands.add_parser("resume", help="let a paused `run` open its camera again")
    resume.set_defaults(command=actions.resume)


def _add_watch(commands: Commands) -> None:
    watch = commands.add_parser("watch", help="print what a running `run` sees, until stopped")
    watch.set_defaults(command=actions.watch)


def _add_analyze(commands: Commands) -> None:
    analyze = commands.add_parser("analyze", help="find faces and emotions in photos, folders and videos: JSON lines")
    analyze.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="photo, video, or folder of them")
    analyze.add_argument(
        "--output", type=output.parse, metavar="FILE", help="write the lines there (default: -, standard output)"
    )
    analyze.add_argument(
        "--annotate", type=Path, metavar="DIR", help="also write each frame with its boxes there, as JPEG"
    )
    add_config(analyze)
    analyze.set_defaults(command=actions.analyze)


def _add_export(commands: Commands) -> None:
    export = commands.add_parser("export", help="write the log as CSV or JSON lines; `run` may go on meanwhile")
    _add_logs(export)
    export.add_argument(
        "--table",
        choices=("observations", "episodes"),
        default="observations",
        help="a row per face and interval, or per face and emotion from its start to its end (default: observations)",
    )
    export.add_argument("--format", choices=("csv", "jsonl"), default="csv", help="default: csv")
    export.add_argument("--output", type=output.parse, metavar="FILE", help="default: -, standard output")
    export.set_defaults(command=actions.export)


def _add_report(commands: Commands) -> None:
    report = commands.add_parser("report", help="draw the log: one page of charts that any browser shows")
    _add_logs(report)
    report.add_argument(
        "--output",
        type=output.parse,
        default=Path("report.html"),
        metavar="FILE",
        help=f"{output.HELP} (default: report.html)",
    )
    report.set_defaults(command=actions.report)


def _add_forget(commands: Commands) -> None:
    forget = commands.add_parser("forget", help="delete what the log knows of a time; `run` may go on meanwhile")
    _add_log(forget)
    forget.add_argument("--all", action="store_true", help="from the beginning (else --since or --until is needed)")
    forget.add_argument("--yes", action="store_true", help="do not ask (default: ask twice)")
    forget.set_defaults(command=actions.forget)


def _add_doctor(commands: Commands) -> None:
    doctor = commands.add_parser("doctor", help="find what is wrong on this device, and how to fix it")
    add_config(doctor)
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.set_defaults(command=actions.doctor)


def _add_settings(commands: Commands) -> None:
    shown = commands.add_parser(
        "settings", help="list every setting with its value, where that comes from, its unit, range and default"
    )
    add_config(shown)
    shown.set_defaults(command=actions.show_settings)


def _add_benchmark(commands: Commands) -> None:
    benchmark = commands.add_parser("benchmark", help="measure this device: time of each stage, FPS, memory, heat")
    add_config(benchmark)
    benchmark.add_argument(
        "--source", type=Path, metavar="PATH", help="video or folder of images (default: the demo that comes along)"
    )
    benchmark.add_argument(
        "--seconds", type=float, default=20.0, metavar="N", help="seconds to measure, 1 to 3600 (default: 20)"
    )
    benchmark.add_argument("--json", type=Path, metavar="OUT", help="also write the figures there, as JSON")
    benchmark.set_defaults(command=actions.benchmark)


def _add_fetch_yunet(commands: Commands) -> None:
    fetch = commands.add_parser(
        "fetch-yunet", help="download the YuNet face detector (MIT, 233 kB) and verify its sha256"
    )
    fetch.set_defaults(command=actions.fetch_yunet)


def _add_completion(commands: Commands) -> None:
    completion = commands.add_parser(
        "completion", help='print what completes `emotion-edge` in a shell: eval "$(emotion-edge completion bash)"'
    )
    completion.add_argument("shell", choices=("bash", "zsh"), help="the shell to complete for")
    completion.set_defaults(command=actions.completion)


def _add_log(parser: argparse.ArgumentParser) -> None:
    log = parser.add_mutually_exclusive_group()
    add_config(log)
    log.add_argument("--log", type=Path, metavar="FILE", help="event log (default: the one that the settings name)")
    _add_times(parser)


def _add_logs(parser: argparse.ArgumentParser) -> None:
    logs = parser.add_mutually_exclusive_group()
    add_config(logs)
    logs.add_argument(
        "--log",
        dest="logs",
        nargs="+",
        action="extend",
        type=Path,
        metavar="FILE",
        help="event log; several, each of another device, are kept apart (default: the one that the settings name)",
    )
    _add_times(parser)


def _add_times(parser: argparse.ArgumentParser) -> None:
    for name, which in (("--since", "first"), ("--until", "end, itself left out")):
        parser.add_argument(
            name,
            type=parse_time,
            metavar="TIME",
            help=f"{which} of the time chosen: 2026-11-22T14:30 (local time, or with an offset or Z), or how long ago: "
            "90s, 30m, 24h, 7d, 2w (default: all)",
        )
