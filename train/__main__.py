"""Command line of the workstation stage."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import get_args

from edge.contract import LABELS
from train.config import Precision
from train.errors import EXIT_TRY_AGAIN, TrainError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow greets with a page of notices otherwise


def main() -> int:
    args = _parser().parse_args()
    try:
        return args.command(args)
    except KeyboardInterrupt:
        print(f"\nstopped{args.after_stop}", file=sys.stderr)
        return 1
    except (TrainError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, TrainError) else EXIT_TRY_AGAIN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train", description=f"Train a classifier of {', '.join(LABELS)} on FER2013."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    data_help = (
        "fer2013.csv, icml_face_data.csv, a Kaggle folder (train/<emotion>/*.jpg, test/...), or a zip, tar or gz of one"
    )
    votes_help = "FER+ votes (fer2013new.csv) of the same rows: a second head learns them"

    fit = commands.add_parser("fit", help="train a model into a run folder")
    fit.add_argument("--data", required=True, metavar="PATH", help=data_help)
    fit.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="run folder: config, history, model.keras, pictures"
    )
    fit.add_argument("--recipe", metavar="NAME", help="settings of a published model, from train/recipes/NAME.toml")
    fit.add_argument("--votes", metavar="CSV", help=votes_help)
    fit.add_argument(
        "--arch", choices=["cnn", "vgg", "resnet", "mini_xception", "mobilenet_v2"], help="network (default: cnn)"
    )
    fit.add_argument(
        "--pretrained", action="store_true", default=None, help="start from ImageNet weights (with mobilenet_v2)"
    )
    fit.add_argument(
        "--epochs", type=_whole_number(1), metavar="N", help="passes over the training faces (default: 40)"
    )
    fit.add_argument(
        "--seed", type=_whole_number(0), metavar="N", help="of weights, order and augmentation (default: 1)"
    )
    fit.add_argument("--batch-size", type=_whole_number(2), metavar="N", help="faces a step (default: 128)")
    fit.add_argument(
        "--start", metavar="MODEL.keras", help="carry on from a trained network's weights, on other faces for instance"
    )
    fit.add_argument("--optimizer", choices=["sgd", "adam"], help="sgd has Nesterov momentum (default: sgd)")
    fit.add_argument(
        "--learning-rate",
        type=float,
        metavar="X",
        help="peak, after warm-up (default: 0.1; Adam: 0.001; with --start a tenth)",
    )
    fit.add_argument("--class-weights", action="store_true", default=None, help="weigh rare emotions up")
    fit.add_argument(
        "--precision",
        choices=get_args(Precision),
        help="auto: bfloat16 where the processor multiplies it (default)",
    )
    fit.add_argument("--resume", action="store_true", help="carry on a run that was stopped or killed")
    fit.set_defaults(command=_fit, after_stop="; `--resume` carries on from the last whole epoch")

    face = commands.add_parser("fit-detector", help="train the face detector into a run folder")
    face.add_argument("--photos", required=True, metavar="DIR", help="people/, background/ (JPEG) and boxes.csv")
    face.add_argument("--data", required=True, metavar="PATH", help=f"FER2013, for faces to paste: {data_help}")
    face.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="run folder: config, history, model.keras, pictures"
    )
    face.add_argument(
        "--recipe", default="face", metavar="NAME", help="from train/detector/recipes/NAME.toml (default: face)"
    )
    face.add_argument("--epochs", type=_whole_number(1), metavar="N", help="passes over the photos (default: recipe's)")
    face.add_argument("--seed", type=_whole_number(0), metavar="N", help="of weights, scenes and order (default: 1)")
    face.add_argument("--resume", action="store_true", help="carry on a run that was stopped or killed")
    face.set_defaults(command=_fit_detector, after_stop="; `--resume` carries on from the last whole epoch")

    teach = commands.add_parser(
        "teach", help="make soft targets: teachers trained out of fold, corrected by FER+ votes"
    )
    teach.add_argument("--data", required=True, metavar="PATH", help=data_help)
    teach.add_argument("--votes", required=True, metavar="CSV", help=votes_help)
    teach.add_argument(
        "--recipe", nargs="+", default=["teacher"], metavar="NAME", help="of the teachers (default: teacher)"
    )
    teach.add_argument(
        "--runs", type=Path, default=Path("runs/teachers"), metavar="DIR", help="run folders (default: %(default)s)"
    )
    teach.add_argument("--out", type=Path, required=True, metavar="FILE", help="soft targets, .npz")
    teach.set_defaults(command=_teach, after_stop="; the same command carries on from the last whole epoch")

    check = commands.add_parser("check-data", help="counts, blanks, exact copies, twins across splits")
    check.add_argument("path", metavar="PATH", help=data_help)
    check.add_argument("--votes", type=Path, metavar="CSV", help="FER+'s fer2013new.csv: how far its voters agree")
    check.add_argument("--pictures", type=Path, metavar="DIR", help="draw sheets of the oddities there")
    check.set_defaults(command=_check_data, after_stop="")

    report = commands.add_parser("report", help="a finished run as an HTML page, PNGs and JSON")
    report.add_argument("run", type=Path, metavar="DIR", help="run folder of `fit`; the report goes into it")
    report.add_argument("--data", metavar="PATH", help="default: what the run was trained on")
    report.add_argument(
        "--int8",
        type=Path,
        metavar="FILE.csv",
        help="show what quantization changes: `python -m convert evaluate MODEL.tflite --predictions FILE.csv`",
    )
    report.set_defaults(command=_report, after_stop="")
    return parser


def _whole_number(lowest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) < 2**32:  # NumPy and Keras take no larger seed
            raise argparse.ArgumentTypeError(f"expected a whole number from {lowest}, found {text!r}")
        return int(text)

    return parse


def _fit(args: argparse.Namespace) -> int:
    from train.config import FitConfig, from_recipe
    from train.fit import fit

    names = (field.name for field in fields(FitConfig))
    given = {name: value for name in names if (value := getattr(args, name, None)) is not None}
    config = from_recipe(args.recipe, **given) if args.recipe else FitConfig(**given)
    metrics = fit(config, args.out, args.resume)
    print(f"validation: {metrics['accuracy']:.2%} of {metrics['n']} faces, balanced {metrics['balanced_accuracy']:.2%}")
    print(f"wrote {args.out}/model.keras, metrics.json, curves.png, confusion.png")
    print(f"next: python -m train report {args.out}")
    print(
        f"      python -m convert quantize {args.out}/model.keras --data {args.data} --out models/emotion_int8.tflite"
    )
    return 0


def _fit_detector(args: argparse.Namespace) -> int:
    from train.config import read_recipe
    from train.detector.fit import RECIPES, DetectorConfig, fit

    names = ("photos", "data", "epochs", "seed")
    given = {name: value for name in names if (value := getattr(args, name)) is not None}
    metrics = fit(read_recipe(DetectorConfig, RECIPES / f"{args.recipe}.toml", given), args.out, args.resume)
    print(
        f"held out: {metrics['recall_iou_0.5']:.1%} of {metrics['faces']} faces at IoU 0.5, "
        f"{metrics['false_alarms_per_500']:.1f} false alarms on 500 face-free photos, threshold {metrics['threshold']:.2f}"
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
    from train.config import SPLITS
    from train.data.check import report
    from train.data.fer2013 import read
    from train.report.sheets import save_sheets

    data, votes = read(args.path), None
    if args.votes:
        from train.data.votes import add_votes

        data = add_votes(data, args.votes)
        votes = {split: getattr(data, split).votes for split in SPLITS if len(getattr(data, split))}
    for line in report(data, votes):
        print(line)
    if args.pictures:
        for path in save_sheets(data, args.pictures, votes):
            print(f"wrote {path}")
    return 0


def _report(args: argparse.Namespace) -> int:
    from train.report.page import report

    figures = report(args.run, args.data, args.int8)
    print(f"validation: {figures['accuracy']:.2%} of {figures['n']} faces, ECE {figures['ece']:.3f}")
    if quantization := figures["quantization"]:
        print(
            f"int8: {quantization['accuracy']['int8']:.2%}, the same answer on {quantization['agreement']:.1%} of faces"
        )
    print(f"wrote {args.run}/report.html, report.json and the pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
