"""Command line of the workstation stage: fit, fit-detector, teach, assemble, check-data, report."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from train.config import FitConfig
from train.errors import EXIT_TRY_AGAIN, TrainError
from train.options import parser

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's own notices


def main() -> int:
    args = parser(RUNS).parse_args()
    try:
        return args.command(args)
    except KeyboardInterrupt:
        print(f"\nstopped{args.after_stop}", file=sys.stderr)
        return EXIT_TRY_AGAIN
    except TrainError as error:
        print(f"train: {error.lines}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"train: {where}{error.strerror or error}", file=sys.stderr)
        print("   -> check the name, and that this user may write there", file=sys.stderr)
        return EXIT_TRY_AGAIN


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
    for line in _comparisons(metrics):
        print(line)
    print(f"wrote {args.out}/model.keras, metrics.json, curves.png, confusion.png")
    print(f"next: python -m train report {args.out}")
    print(
        f"      python -m convert quantize {args.out}/model.keras --data {args.data} --out models/mine_int8.tflite"
    )
    return 0


def _comparisons(metrics: dict[str, Any]) -> Iterator[str]:
    """What a network that was started from another has gained and lost."""
    from train.remembering import words

    if "started" in metrics:
        yield words("validation", metrics["started"], metrics)
    if "remembered" in metrics:
        yield words("the faces of before", **metrics["remembered"])


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


def _assemble(args: argparse.Namespace) -> int:
    from train.config import from_recipe
    from train.quiet import import_keras

    config = from_recipe(args.recipe, data="")
    import_keras()
    from train.network.assembled import assemble

    assemble(config, args.members).save(args.out)
    print(f"wrote {args.out} ({args.out.stat().st_size:,} bytes)")
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


RUNS = {
    "fit": _fit,
    "fit-detector": _fit_detector,
    "teach": _teach,
    "assemble": _assemble,
    "check-data": _check_data,
    "report": _report,
}


if __name__ == "__main__":
    sys.exit(main())
