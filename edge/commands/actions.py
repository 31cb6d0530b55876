"""Run each command. A command imports its own parts when it is called: those of the others may be slow, or broken."""

import argparse
import logging
import sys
from pathlib import Path

from msgspec.structs import replace

from edge import settings
from edge.errors import EXIT_TRY_AGAIN, UsageError
from edge.source import read_argument


def run(args: argparse.Namespace) -> int:
    from edge.daemon.pause import PauseSwitch, flag_path

    switch = PauseSwitch(flag_path(), args.signals)  # before all that may fail: a pause that came by then is kept
    from edge.daemon.page import Page
    from edge.daemon.service import run

    chosen = settings.load(args.config)
    camera = replace(
        chosen.camera,
        source=read_argument(args.source) if args.source else chosen.camera.source,
        realtime=args.realtime or chosen.camera.realtime,
    )
    page = Page(args.config, args.log) if args.page else None
    try:
        if page:
            page.start()
        return run(replace(chosen, camera=camera), args.signals, switch, args.log)
    finally:
        if page:
            page.close()


def pause(args: argparse.Namespace) -> int:
    from edge.daemon.pause import flag_path, pause

    pause(flag_path())
    print(f"paused: {flag_path().absolute()}")
    return 0


def resume(args: argparse.Namespace) -> int:
    from edge.daemon.pause import flag_path, resume

    resume(flag_path())
    print(f"resumed: {flag_path().absolute()} is gone")
    return 0


def watch(args: argparse.Namespace) -> int:
    from edge.commands.watch import watch

    watch(settings.live_socket(), sys.stdout)
    return 0


def analyze(args: argparse.Namespace) -> int:
    from edge.cameras.media.kinds import MEDIA_SUFFIXES
    from edge.commands.analyze import Analysis, find
    from edge.drawing import AnnotatedFolder
    from edge.vision.pipeline import Pipeline

    if args.output and args.output.suffix.lower() in MEDIA_SUFFIXES:
        raise UsageError(
            f"{args.output}: JSON lines go there, not pictures",
            "give it a name such as faces.jsonl",
        )
    found = find(args.paths)
    chosen = settings.load(args.config)
    pipeline = Pipeline.from_settings(chosen)
    annotated = AnnotatedFolder(args.annotate) if args.annotate else None
    if not args.output:
        return Analysis(pipeline, sys.stdout, annotated, chosen.camera.max_megapixels).run(found)
    with args.output.open("w", encoding="utf-8") as output:
        return Analysis(pipeline, output, annotated, chosen.camera.max_megapixels).run(found)


def export(args: argparse.Namespace) -> int:
    from edge.commands.export import export

    return _told(export(_logs_of(args), args.output, args.table, args.format, args.since, args.until))


def report(args: argparse.Namespace) -> int:
    from edge.commands.report import report

    problems = report(_logs_of(args), args.output, args.since, args.until)
    return _told(problems)


def forget(args: argparse.Namespace) -> int:
    from edge.commands.forget import run

    if not (args.all or args.since or args.until):
        raise UsageError(
            "expected --since TIME, --until TIME or --all, found none",
            "for example: forget --since 1h",
        )
    if args.all and (args.since or args.until):
        raise UsageError("expected --all, or --since and --until, found both", "leave one out")
    return run(_log_of(args), args.since, args.until, args.yes)


def doctor(args: argparse.Namespace) -> int:
    from edge.commands import doctor

    findings = doctor.examine(args.config)
    (doctor.show_json if args.json else doctor.show)(findings, sys.stdout)
    return doctor.exit_code(findings)


def show_settings(args: argparse.Namespace) -> int:
    from edge.commands.settings import show

    show(args.config, sys.stdout)
    return 0


def benchmark(args: argparse.Namespace) -> int:
    from edge.commands import benchmark

    return benchmark.run(settings.load(args.config), args.source, args.seconds, args.json)


def fetch_yunet(args: argparse.Namespace) -> int:
    from edge.commands.fetch_yunet import YUNET_SHA256, YUNET_URL, fetch

    fetch(YUNET_URL, YUNET_SHA256, settings.DEFAULT_YUNET)
    print(f"wrote {settings.DEFAULT_YUNET}; it is used where the settings say [detector] kind = 'yunet'")
    return 0


def completion(args: argparse.Namespace) -> int:
    from edge.commands.completion import script

    print(script(args.shell), end="")
    return 0


def _told(problems: dict[Path, str]) -> int:
    """Say what of each log could not be read; returns the exit status."""
    for log, words in problems.items():
        logging.error("%s: %s; the rest is complete", log, words)
    return EXIT_TRY_AGAIN if problems else 0


def _logs_of(args: argparse.Namespace) -> list[Path]:
    logs: list[Path] = args.logs or [settings.log_path(settings.load(args.config))]
    return logs


def _log_of(args: argparse.Namespace) -> Path:
    path: Path = args.log or settings.log_path(settings.load(args.config))
    return path
