"""Command line of the workstation stage: `python -m train fit | fit-detector | teach |
check-data | report`.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from edge.contract import LABELS
from train.config import PEAKS, STARTED_PEAK, Architecture, FitConfig, Optimizer, Precision
from train.errors import EXIT_TRY_AGAIN, TrainError

os.environ.setdefault(
    "TF_CPP_MIN_LOG_LEVEL", "3"
)  # TensorFlow greets with a page of notices otherwise

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


def main() -> int:
    args = _parser().parse_args()
    try:
        return args.command(args)
    except KeyboardInterrupt:
        print(f"\nstopped{args.after_stop}", file=sys.stderr)
        return EXIT_TRY_AGAIN
    except (TrainError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, TrainError) else EXIT_TRY_AGAIN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train", description=f"Train a classifier of {', '.join(LABELS)} on FER2013."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_fit(commands)
    _add_fit_detector(commands)
    _add_teach(commands)
    _add_check_data(commands)
    _add_report(commands)
    return parser


def _add_fit(commands: Any) -> None:
    fit = commands.add_parser("fit", help="train a model into a run folder")
    add = fit.add_argument
    add("--data", required=True, metavar="PATH", help=DATA_HELP)
    add("--out", required=True, type=Path, metavar="DIR", help=RUN_HELP)
    add(
        "--recipe",
        metavar="NAME",
        help="settings of a published model, from train/recipes/NAME.toml",
    )
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
    optimizer = f"sgd has Nesterov momentum (default: {DEFAULTS['optimizer']})"
    add("--optimizer", choices=get_args(Optimizer), help=optimizer)
    peaks = ", ".join(f"{peak:g} with {name}" for name, peak in PEAKS.items())
    rate = f"peak, after warm-up (default: {peaks}; with --start {STARTED_PEAK:g} of it)"
    add("--learning-rate", type=float, metavar="X", help=rate)
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
    fit.set_defaults(command=_fit, after_stop="; `--resume` carries on from the last whole epoch")


def _add_fit_detector(commands: Any) -> None:
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
        command=_fit_detector, after_stop="; `--resume` carries on from the last whole epoch"
    )


def _add_teach(commands: Any) -> None:
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
        command=_teach, after_stop="; the same command carries on from the last whole epoch"
    )


def _add_check_data(commands: Any) -> None:
    check = commands.add_parser(
        "check-data", help="counts, blanks, exact copies, duplicates across splits"
    )
    add = check.add_argument
    add("path", metavar="PATH", help=DATA_HELP)
    add("--votes", type=Path, metavar="CSV", help="FER+'s fer2013new.csv: how far its voters agree")
    add("--pictures", type=Path, metavar="DIR", help="draw sheets of the oddities there")
    check.set_defaults(command=_check_data, after_stop="")


def _add_report(commands: Any) -> None:
    report = commands.add_parser("report", help="a finished run as an HTML page, PNGs and JSON")
    add = report.add_argument
    add("run", type=Path, metavar="DIR", help="run folder of `fit`; the report goes into it")
    add("--data", metavar="PATH", help="default: what the run was trained on")
    int8 = "show what quantization changes: `python -m convert evaluate MODEL.tflite --predictions FILE.csv`"
    add("--int8", type=Path, metavar="FILE.csv", help=int8)
    report.set_defaults(command=_report, after_stop="")


def _whole_number(lowest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) < LARGEST_SEED:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {lowest}, found {text!r}"
            )
        return int(text)

    return parse


def _given(args: argparse.Namespace, config: type) -> dict[str, Any]:
    """The settings of `config` that the command line names."""
    given = {}
    for field in fields(config):
        value = getattr(args, field.name, None)
        if value is not None:
            given[field.name] = value
    return given


def _fit(args: argparse.Namespace) -> int:
    from train.config import from_recipe
    from train.fit import fit

    given = _given(args, FitConfig)
    config = from_recipe(args.recipe, **given) if args.recipe else FitConfig(**given)
    metrics = fit(config, args.out, args.resume)
    print(
        f"validation: {metrics['accuracy']:.2%} of {metrics['n']} faces, balanced {metrics['balanced_accuracy']:.2%}"
    )
    print(f"wrote {args.out}/model.keras, metrics.json, curves.png, confusion.png")
    print(f"next: python -m train report {args.out}")
    print(
        f"      python -m convert quantize {args.out}/model.keras --data {args.data} --out models/emotion_int8.tflite"
    )
    return 0


def _fit_detector(args: argparse.Namespace) -> int:
    from train.config import read_recipe
    from train.detector.config import RECIPES, DetectorConfig
    from train.quiet import import_keras

    import_keras()
    from train.detector.fit import fit

    config = read_recipe(
        DetectorConfig, RECIPES / f"{args.recipe}.toml", _given(args, DetectorConfig)
    )
    metrics = fit(config, args.out, args.resume)
    print(
        f"held out: {metrics['recall_iou_0.5']:.1%} of {metrics['faces']} faces at IoU 0.5, "
        f"{metrics['false_alarms_per_500']:.1f} false alarms on 500 face-free photos, "
        f"threshold {metrics['threshold']:.2f}"
    )
    print(f"wrote {args.out}/model.keras, metrics.json, curves.png, recall.png")
    return 0


def _teach(args: argparse.Namespace) -> int:
    from train.teachers import teach

    figures = teach(args.recipe, args.data, args.votes, args.runs, args.out)
    print(json.dumps(figures, indent=1))
    print(f"wrote {args.out}")
    return 0


def _check_data(args: argparse.Namespace) -> int:
    from train.data.check import report
    from train.data.fer2013 import read
    from train.data.votes import add_votes, votes_by_split
    from train.report.sheets import save_sheets

    data = read(args.path)
    votes = None
    if args.votes:
        data = add_votes(data, args.votes)
        votes = votes_by_split(data)
    for line in report(data, votes):
        print(line)
    if args.pictures:
        for path in save_sheets(data, args.pictures, votes):
            print(f"wrote {path}")
    return 0


def _report(args: argparse.Namespace) -> int:
    from train.report.page import report

    figures = report(args.run, args.data, args.int8)
    print(
        f"validation: {figures['accuracy']:.2%} of {figures['n']} faces, ECE {figures['ece']:.3f}"
    )
    if quantization := figures["quantization"]:
        accuracy = quantization["accuracy"]["int8"]
        print(f"int8: {accuracy:.2%}, the same answer on {quantization['agreement']:.1%} of faces")
    print(f"wrote {args.run}/report.html, report.json and the pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
