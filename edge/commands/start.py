"""Start a command, and turn every way in which it may end into an exit status and at most two lines of text."""

import argparse
import logging
import os
import sys

from edge.commands.parser import make_parser
from edge.commands.system_error import explain
from edge.daemon.signals import Signals
from edge.daemon.streams import DroppingStream
from edge.errors import EXIT_TRY_AGAIN, EdgeError

EXIT_SIGINT = 130  # 128 + SIGINT, what a shell shows after Ctrl-C
EXIT_SIGPIPE = 141  # 128 + SIGPIPE, what a shell shows for `... | head`


def start(signals: Signals) -> int:
    """Run the command that the arguments name; returns the exit status."""
    if sys.stdout is None:  # was closed, and is an error to write to
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115, for the program's life
    if sys.stderr is None:
        sys.stderr = DroppingStream(2)
    try:
        args = make_parser().parse_args()
    except SystemExit as end:  # --help, --version, wrong usage
        return _end(int(end.code or 0))
    if args.verb == "run":
        sys.stdout = DroppingStream(1)
        sys.stderr = DroppingStream(2)
        args.signals = signals
    _set_up_logging()
    return _end(_run(args))


def _run(args: argparse.Namespace) -> int:
    try:
        status: int = args.command(args)
        sys.stdout.flush()  # here a full disk can still be told
        return status
    except EdgeError as error:
        logging.error("%s", error.lines)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_SIGINT
    except BrokenPipeError:
        return EXIT_SIGPIPE
    except OSError as error:
        logging.error("%s", explain(error).lines)
        return EXIT_TRY_AGAIN


def _end(status: int) -> int:
    """Write what waits for standard output, and let nothing fail there once more when the interpreter ends."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = status or EXIT_SIGPIPE
    except OSError:
        status = status or EXIT_TRY_AGAIN
    else:
        return status
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _set_up_logging() -> None:
    """Diagnostics to standard error; no timestamps, the journal adds them."""
    # What OpenCV and FFmpeg would print about a damaged file, our one line says.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "FATAL")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
