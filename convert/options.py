"""The options of `python -m convert`."""

import argparse
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edge import __version__
from edge.settings import DEFAULT_GRAYNET, DEFAULT_YUNET
from train.config import SPLITS
from train.options import DATA_HELP, Described

PHOTOS_HELP = "people/, background/ (photos) and boxes.csv, as `train fit-detector` takes them"
LABELS_HELP = "the model's classes as `train fit --labels` had them, where neither its run nor its manifest says it"
OUT_HELP = "the manifest goes beside it"
DETECTORS = ("graynet", "yunet", "haar")
PYTHONS = ("3.11", "3.13")
MOST_AT_ONCE = 100  # connections of ssh


Run = Callable[[argparse.Namespace], None]


def parser(runs: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The parser of the command line; `runs` says what each command calls."""
    made = argparse.ArgumentParser(
        prog="python -m convert", description="Quantize, evaluate and pack models for the device."
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND", action=Described)
    _add_quantize(commands, runs)
    _add_adjust_prior(commands, runs)
    _add_to_keras(commands, runs)
    _add_evaluate(commands, runs)
    _add_quantize_detector(commands, runs)
    _add_evaluate_detector(commands, runs)
    _add_evaluate_light(commands, runs)
    _add_bundle(commands, runs)
    _add_deploy(commands, runs)
    _add_measure_crop(commands, runs)
    return made


def _add_quantize(commands: Any, runs: Mapping[str, Run]) -> None:
    quantize = commands.add_parser("quantize", help="make the int8 .tflite file and its manifest")
    add = quantize.add_argument
    add(
        "model",
        type=Path,
        metavar="MODEL.keras",
        help="trained by `python -m train fit`; also .h5 of older Keras",
    )
    add("--data", required=True, metavar="PATH", help=DATA_HELP)
    add("--out", required=True, type=Path, metavar="FILE.tflite", help=OUT_HELP)
    add("--labels", metavar="LIST", help=LABELS_HELP)
    _add_prior_exponent(quantize)
    quantize.set_defaults(command=runs["quantize"])


def _add_adjust_prior(commands: Any, runs: Mapping[str, Run]) -> None:
    adjust = commands.add_parser(
        "adjust-prior",
        help="shift the logits of a finished .tflite file for rooms that are not like FER2013",
    )
    add = adjust.add_argument
    add("model", type=Path, metavar="MODEL.tflite", help="with its manifest; not shifted yet")
    add("--data", required=True, metavar="PATH", help=DATA_HELP)
    add("--out", required=True, type=Path, metavar="FILE.tflite", help=OUT_HELP)
    add(
        "--version",
        default=__version__,
        metavar="VERSION",
        help="for the manifest, default: %(default)s",
    )
    add("--labels", metavar="LIST", help=LABELS_HELP)
    _add_prior_exponent(adjust)
    adjust.set_defaults(command=runs["adjust-prior"])


def _add_to_keras(commands: Any, runs: Mapping[str, Run]) -> None:
    rebuild = commands.add_parser(
        "to-keras",
        help="turn a finished .tflite file back into the .keras file of its float network",
    )
    add = rebuild.add_argument
    add("model", type=Path, metavar="MODEL.tflite", help="with its manifest")
    add(
        "--recipe",
        required=True,
        metavar="NAME",
        help="that it was made by, as `train fit` takes it",
    )
    add("--data", required=True, metavar="PATH", help=DATA_HELP)
    add("--out", required=True, type=Path, metavar="FILE.keras", help="for `train fit --start`")
    rebuild.set_defaults(command=runs["to-keras"])


def _add_prior_exponent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prior-exponent",
        type=_exponent,
        metavar="0..1",
        help="how far the emotions' shares in FER2013 are taken back: 0 not at all, 1 as if all had been equally "
        "frequent (default: chosen on validation, for at most 0.5 points of accuracy)",
    )


def _exponent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, found {text!r}")
    return value


def _add_evaluate(commands: Any, runs: Mapping[str, Run]) -> None:
    evaluate = commands.add_parser(
        "evaluate", help="measure a model: accuracy, table of the emotions, time a face"
    )
    add = evaluate.add_argument
    add("model", type=Path, metavar="MODEL", help=".keras, .h5 or .tflite (with its manifest)")
    examined = evaluate.add_mutually_exclusive_group(required=True)
    examined.add_argument("--data", metavar="PATH", help=DATA_HELP)
    examined.add_argument(
        "--photos",
        type=Path,
        metavar="DIR",
        help="whole photos in <emotion>/ or <label>/ folders instead: faces are found and cut out as on the device",
    )
    add("--split", default="validation", choices=SPLITS, help="default: %(default)s")
    add("--json", type=Path, metavar="OUT", help="write all figures there")
    add(
        "--predictions",
        type=Path,
        metavar="CSV",
        help="write every face's label and probabilities there",
    )
    add("--labels", metavar="LIST", help=LABELS_HELP)
    add("--sheet", type=Path, metavar="PNG", help="with --photos: draw the mistakes there")
    robustness = "instead: how far, dark, blurred, turned a face may be; accuracy, and faces found in the held-out part"
    add("--robustness", type=Path, metavar="DIR", help=f"{robustness} of {PHOTOS_HELP}")
    add("--picture", type=Path, metavar="PNG", help="with --robustness: draw it there")
    _add_graynet(evaluate)
    evaluate.set_defaults(command=runs["evaluate"])


def _add_quantize_detector(commands: Any, runs: Mapping[str, Run]) -> None:
    detector = commands.add_parser(
        "quantize-detector", help="make the face detector's .tflite file and its manifest"
    )
    add = detector.add_argument
    add("model", type=Path, metavar="MODEL.keras", help="trained by `python -m train fit-detector`")
    add("--photos", required=True, type=Path, metavar="DIR", help=PHOTOS_HELP)
    add("--out", required=True, type=Path, metavar="FILE.tflite", help=OUT_HELP)
    data = "FER2013, to measure how the detector's boxes lie in its faces (default: what the run pasted)"
    add("--data", default="", metavar="PATH", help=data)
    detector.set_defaults(command=runs["quantize-detector"])


def _add_evaluate_detector(commands: Any, runs: Mapping[str, Run]) -> None:
    evaluate = commands.add_parser(
        "evaluate-detector", help="measure the face detectors: recall, false alarms, time"
    )
    add = evaluate.add_argument
    add(
        "--photos",
        required=True,
        type=Path,
        metavar="DIR",
        help=f"{PHOTOS_HELP}; the part held out",
    )
    also = "photos with boxes.csv (file,x,y,w,h), evaluated beside the same backgrounds"
    add("--also", type=Path, metavar="DIR", help=also)
    _add_graynet(evaluate)
    add(
        "--yunet", type=Path, default=DEFAULT_YUNET, metavar="FILE.onnx", help="default: as fetched"
    )
    add("--json", type=Path, metavar="OUT", help="write all figures there")
    add(
        "--picture",
        type=Path,
        metavar="PNG",
        help="draw recall against false alarms and precision there",
    )
    evaluate.set_defaults(command=runs["evaluate-detector"])


def _add_evaluate_light(commands: Any, runs: Mapping[str, Run]) -> None:
    light = commands.add_parser(
        "evaluate-light", help="faces that GrayNet finds, and invents, in bad light"
    )
    add = light.add_argument
    held_out = f"{PHOTOS_HELP}; copies of the part held out are made worse, always alike"
    add("--photos", required=True, type=Path, metavar="DIR", help=held_out)
    _add_graynet(light)
    add("--json", type=Path, metavar="OUT", help="write all figures there")
    add("--sheet", type=Path, metavar="PNG", help="draw some of the copies there")
    light.set_defaults(command=runs["evaluate-light"])


def _add_graynet(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--graynet",
        type=Path,
        default=DEFAULT_GRAYNET,
        metavar="FILE.tflite",
        help="default: shipped",
    )


def _add_bundle(commands: Any, runs: Mapping[str, Run]) -> None:
    bundle = commands.add_parser(
        "bundle", help="pack all that the Pi needs into one archive with checksums"
    )
    bundle.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder for the archive"
    )
    _add_wheels(bundle)
    bundle.set_defaults(command=runs["bundle"])


def _add_deploy(commands: Any, runs: Mapping[str, Run]) -> None:
    deploy = commands.add_parser(
        "deploy", help="install or upgrade the service on devices, over ssh; list, roll back"
    )
    add = deploy.add_argument
    host = (
        "USER@HOST, or a name of ~/.ssh/config; the user needs sudo, of several without a password"
    )
    add("hosts", nargs="+", metavar="HOST", help=host)
    settings = "take the place of the devices' settings.toml; gone back from where none gets ready"
    add("--settings", type=Path, metavar="FILE", help=settings)
    add(
        "--parallel",
        type=_count,
        default=4,
        metavar="N",
        help="devices at once (default: %(default)s)",
    )
    add("--keep-going", action="store_true", help="go on to further devices after a failure")
    others = deploy.add_mutually_exclusive_group()
    others.add_argument(
        "--list", action="store_true", help="only print host, version, state, since when"
    )
    others.add_argument(
        "--rollback", action="store_true", help="go back to the release before; again: forth"
    )
    _add_wheels(deploy)
    deploy.set_defaults(command=runs["deploy"])


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= MOST_AT_ONCE:
        raise argparse.ArgumentTypeError(f"expected 1 to {MOST_AT_ONCE}, found {text!r}")
    return number


def _add_wheels(command: argparse.ArgumentParser) -> None:
    wheels = "also pack the aarch64 wheels for 3.11 (Pi OS Bookworm) or 3.13 (Trixie), for a Pi without network"
    command.add_argument("--wheels", choices=PYTHONS, metavar="PYTHON", help=wheels)


def _add_measure_crop(commands: Any, runs: Mapping[str, Run]) -> None:
    crop = commands.add_parser(
        "measure-crop", help="measure how FER2013's framing lies around a detector's box"
    )
    add = crop.add_argument
    add("--data", required=True, metavar="PATH", help=DATA_HELP)
    add("--detector", default="graynet", choices=DETECTORS, help="default: %(default)s")
    add("--graynet", default=DEFAULT_GRAYNET, metavar="FILE.tflite", help="default: shipped")
    add("--yunet", default=DEFAULT_YUNET, metavar="FILE.onnx", help="default: as fetched")
    crop.set_defaults(command=runs["measure-crop"])
