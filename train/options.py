"""The options of `python -m train`; defaults and choices are those of the settings."""

import argparse
import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from edge.contract import LABELS
from train.config import PEAKS, STARTED_PEAK, Architecture, FitConfig, Optimizer, Precision

DATA_HELP = (
    "fer2013.csv, icml_face_data.csv, the challenge's train.csv, folders of pictures "
    "(train/<emotion>/, test/<emotion>/), or a zip, tar or gz of one"
)
VOTES_HELP = (
    "FER+ votes (fer2013new.csv) of the same rows, or shares of them: a second head learns them"
)
RUN_HELP = "run folder: config, history, model.keras, pictures"
LARGEST_SEED = 2**32  # NumPy and Keras take no larger one
DEFAULTS = {field.name: field.default for field in fields(FitConfig)}


Run = Callable[[argparse.Namespace], int]


class Described(argparse._SubParsersAction):
    """A command's own help begins with what the list of commands says of it."""

    def add_parser(self, name: str, **options: Any) -> Any:
        text = options["help"]
        options.setdefault("description", f"{text[0].upper()}{text[1:]}.")
        return super().add_parser(name, **options)


def parser(runs: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The parser of the command line; `runs` says what each command calls."""
    made = argparse.ArgumentParser(
        prog="python -m train", description=f"Train a classifier of {', '.join(LABELS)} on FER2013."
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND", action=Described)
    _add_fit(commands, runs)
    _add_fit_detector(commands, runs)
    _add_teach(commands, runs)
    _add_assemble(commands, runs)
    _add_check_data(commands, runs)
    _add_report(commands, runs)
    return made


def _add_fit(commands: Any, runs: Mapping[str, Run]) -> None:
    fit = commands.add_parser("fit", help="train a model into a run folder")
    add = fit.add_argument
    add("--data", required=True, metavar="PATH", help=DATA_HELP)
    add("--out", required=True, type=Path, metavar="DIR", help=RUN_HELP)
    add(
        "--recipe",
        metavar="NAME",
        help="settings of a published model, from train/recipes/NAME.toml",
    )
    labels = "the classes, as in happy,sad,neutral or happy,calm=neutral,upset=angry+sad (default: the seven emotions)"
    add("--labels", metavar="LIST", help=labels)
    add("--votes", metavar="CSV", help=f"{VOTES_HELP}; not with a recipe that has soft targets")
    add("--arch", choices=get_args(Architecture), help=f"network (default: {DEFAULTS['arch']})")
    add(
        "--pretrained",
        action="store_true",
        default=None,
        help="start from ImageNet weights (with mobilenet_v2)",
    )
    epochs = f"passes over the training faces (default: {DEFAULTS['epochs']}); can be raised with --resume"
    add("--epochs", type=_whole_number(1), metavar="N", help=epochs)
    seed = f"of weights, order and augmentation (default: {DEFAULTS['seed']})"
    add("--seed", type=_whole_number(0), metavar="N", help=seed)
    batch = f"faces a step (default: {DEFAULTS['batch_size']})"
    add("--batch-size", type=_whole_number(2), metavar="N", help=batch)
    start = "carry on from a trained network's weights, on other faces for instance"
    add("--start", metavar="MODEL.keras", help=start)
    remember = "with --start: mix in faces that it learned before, and tell what it forgot of them"
    add("--remember", metavar="PATH", help=remember)
    optimizer = f"sgd has Nesterov momentum (default: {DEFAULTS['optimizer']})"
    add("--optimizer", choices=get_args(Optimizer), help=optimizer)
    peaks = ", ".join(f"{peak:g} with {name}" for name, peak in PEAKS.items())
    rate = f"peak, after warm-up (default: {peaks}; with --start {STARTED_PEAK:g} of it)"
    add("--learning-rate", type=_positive, metavar="X", help=rate)
    add("--class-weights", action="store_true", default=None, help="weigh rare emotions up")
    precision = (
        f"auto: bfloat16 where the processor multiplies it (default: {DEFAULTS['precision']})"
    )
    add("--precision", choices=get_args(Precision), help=precision)
    add(
        "--resume",
        action="store_true",
        help="carry on a run that was stopped or killed, or that gets more epochs",
    )
    fit.set_defaults(
        command=runs["fit"], after_stop="; `--resume` carries on from the last whole epoch"
    )


def _add_fit_detector(commands: Any, runs: Mapping[str, Run]) -> None:
    face = commands.add_parser("fit-detector", help="train the face detector into a run folder")
    add = face.add_argument
    add(
        "--photos",
        required=True,
        metavar="DIR",
        help="people/, background/ (photos), boxes.csv, perhaps sources.toml",
    )
    add("--data", required=True, metavar="PATH", help=f"FER2013, for faces to paste: {DATA_HELP}")
    add("--out", required=True, type=Path, metavar="DIR", help=RUN_HELP)
    recipe = "from train/detector/recipes/NAME.toml (default: %(default)s)"
    add("--recipe", default="face", metavar="NAME", help=recipe)
    start = "carry on from the weights of an int8 detector; its false alarms are drawn more often"
    add("--start", metavar="FILE.tflite", help=start)
    epochs = "passes over the photos (default: the recipe's); can be raised with --resume"
    add("--epochs", type=_whole_number(1), metavar="N", help=epochs)
    add(
        "--seed",
        type=_whole_number(0),
        metavar="N",
        help="of weights, scenes and order (default: the recipe's)",
    )
    add(
        "--resume",
        action="store_true",
        help="carry on a run that was stopped or killed, or that gets more epochs",
    )
    face.set_defaults(
        command=runs["fit-detector"], after_stop="; `--resume` carries on from the last whole epoch"
    )


def _add_teach(commands: Any, runs: Mapping[str, Run]) -> None:
    teach = commands.add_parser(
        "teach", help="make soft targets: teachers trained out of fold, corrected by FER+ votes"
    )
    add = teach.add_argument
    add("--data", required=True, metavar="PATH", help=DATA_HELP)
    add("--votes", required=True, metavar="CSV", help=VOTES_HELP)
    recipes = "of the teachers (default: teacher)"
    add("--recipe", nargs="+", default=["teacher"], metavar="NAME", help=recipes)
    add(
        "--runs",
        type=Path,
        default=Path("runs/teachers"),
        metavar="DIR",
        help="run folders (default: %(default)s)",
    )
    add("--out", type=Path, required=True, metavar="FILE", help="soft targets, .npz")
    teach.set_defaults(
        command=runs["teach"], after_stop="; the same command carries on from the last whole epoch"
    )


def _add_assemble(commands: Any, runs: Mapping[str, Run]) -> None:
    assemble = commands.add_parser(
        "assemble", help="put trained networks together: the mean of their logits decides"
    )
    add = assemble.add_argument
    add("members", nargs="+", type=Path, metavar="MEMBER.keras", help="in the recipe's order")
    add("--recipe", required=True, metavar="NAME", help="of the committee, as in `large`")
    add("--out", required=True, type=Path, metavar="FILE.keras")
    assemble.set_defaults(command=runs["assemble"], after_stop="; nothing was written")


def _add_check_data(commands: Any, runs: Mapping[str, Run]) -> None:
    check = commands.add_parser(
        "check-data",
        help="look at a data set: counts, blanks, exact copies, duplicates across splits",
    )
    add = check.add_argument
    add("path", metavar="PATH", help=DATA_HELP)
    add("--votes", type=Path, metavar="CSV", help="FER+'s fer2013new.csv: how far its voters agree")
    add("--pictures", type=Path, metavar="DIR", help="draw sheets of the oddities there")
    check.set_defaults(command=runs["check-data"], after_stop="")


def _add_report(commands: Any, runs: Mapping[str, Run]) -> None:
    report = commands.add_parser("report", help="draw a finished run: an HTML page, PNGs and JSON")
    add = report.add_argument
    add("run", type=Path, metavar="DIR", help="run folder of `fit`; the report goes into it")
    add("--data", metavar="PATH", help="default: what the run was trained on")
    int8 = "show what quantization changes: `python -m convert evaluate MODEL.tflite --predictions FILE.csv`"
    add("--int8", type=Path, metavar="FILE.csv", help=int8)
    report.set_defaults(command=runs["report"], after_stop="")


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return value


def _whole_number(lowest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) < LARGEST_SEED:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {lowest} to {LARGEST_SEED - 1}, found {text!r}"
            )
        return int(text)

    return parse
