"""Command line between training and device: `python -m convert quantize | evaluate | bundle | ...`."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow greets with a page of notices otherwise

from edge.contract import LABELS
from edge.errors import EXIT_TRY_AGAIN, EdgeError
from edge.settings import DEFAULT_GRAYNET, DEFAULT_YUNET
from train.config import SPLITS
from train.errors import TrainError

DATA_HELP = "fer2013.csv, icml_face_data.csv, a Kaggle folder, or a zip, tar or gz of one"


def main() -> int:
    args = _parser().parse_args()
    try:
        args.command(args)
    except KeyboardInterrupt:
        print("\nstopped; nothing was written", file=sys.stderr)
        return EXIT_TRY_AGAIN
    except (EdgeError, TrainError, OSError) as error:
        print(f"convert: {error}", file=sys.stderr)
        return EXIT_TRY_AGAIN if isinstance(error, OSError) else error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m convert", description="Quantize, judge and pack models for the device."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    quantize = commands.add_parser("quantize", help="make the int8 .tflite file and its manifest")
    quantize.add_argument("model", type=Path, metavar="MODEL.keras", help="trained by `python -m train fit`")
    quantize.add_argument("--data", required=True, metavar="PATH", help=DATA_HELP)
    quantize.add_argument("--out", required=True, type=Path, metavar="FILE.tflite", help="the manifest goes beside it")
    quantize.set_defaults(command=_quantize)

    evaluate = commands.add_parser("evaluate", help="accuracy, per-class table and latency of a model")
    evaluate.add_argument("model", type=Path, metavar="MODEL", help=".keras or .tflite (with its manifest)")
    evaluate.add_argument("--data", required=True, metavar="PATH", help=DATA_HELP)
    evaluate.add_argument("--split", default="validation", choices=SPLITS, help="default: validation")
    evaluate.add_argument("--json", type=Path, metavar="OUT", help="write all figures there")
    evaluate.add_argument(
        "--predictions", type=Path, metavar="CSV", help="write every face's label and probabilities there"
    )
    evaluate.set_defaults(command=_evaluate)

    photos_help = "people/, background/ (JPEG) and boxes.csv, as `train fit-detector` takes them"
    detector = commands.add_parser("quantize-detector", help="make the face detector's .tflite file and its manifest")
    detector.add_argument("model", type=Path, metavar="MODEL.keras", help="trained by `python -m train fit-detector`")
    detector.add_argument("--photos", required=True, type=Path, metavar="DIR", help=photos_help)
    detector.add_argument("--out", required=True, type=Path, metavar="FILE.tflite", help="the manifest goes beside it")
    detector.set_defaults(command=_quantize_detector)

    judge = commands.add_parser("evaluate-detector", help="recall, false alarms and time of the face detectors")
    judge.add_argument("--photos", required=True, type=Path, metavar="DIR", help=photos_help + "; the part held out")
    judge.add_argument(
        "--also",
        type=Path,
        metavar="DIR",
        help="photos with boxes.csv (file,x,y,w,h), judged beside the same backgrounds",
    )
    judge.add_argument("--graynet", type=Path, default=DEFAULT_GRAYNET, metavar="FILE.tflite", help="default: shipped")
    judge.add_argument("--yunet", type=Path, default=DEFAULT_YUNET, metavar="FILE.onnx", help="default: as fetched")
    judge.add_argument("--json", type=Path, metavar="OUT", help="write all figures there")
    judge.add_argument(
        "--picture", type=Path, metavar="PNG", help="draw recall against false alarms and precision there"
    )
    judge.set_defaults(command=_evaluate_detector)

    bundle = commands.add_parser("bundle", help="pack all that the Pi needs into one archive with checksums")
    bundle.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the archive")
    bundle.set_defaults(command=_bundle)

    deploy = commands.add_parser("deploy", help="install or upgrade the service on a device, over ssh")
    deploy.add_argument("host", metavar="USER@HOST", help="or a name of ~/.ssh/config; the user needs sudo")
    deploy.set_defaults(command=_deploy)

    for command in (bundle, deploy):
        command.add_argument(
            "--wheels",
            choices=("3.11", "3.13"),
            metavar="PYTHON",
            help="also pack the aarch64 wheels for 3.11 (Pi OS Bookworm) or 3.13 (Trixie), for a Pi without network",
        )

    crop = commands.add_parser("measure-crop", help="measure how FER2013's framing lies around a detector's box")
    crop.add_argument("--data", required=True, metavar="PATH", help=DATA_HELP)
    crop.add_argument("--detector", default="graynet", choices=["graynet", "yunet", "haar"], help="default: graynet")
    crop.add_argument("--graynet", default=DEFAULT_GRAYNET, metavar="FILE.tflite", help="default: shipped")
    crop.add_argument("--yunet", default=DEFAULT_YUNET, metavar="FILE.onnx", help="default: as fetched")
    crop.set_defaults(command=_measure_crop)
    return parser


def _quantize(args: argparse.Namespace) -> None:
    from convert.quantize import quantize

    done = quantize(args.model, args.data, args.out)
    print("operators, all int8: " + ", ".join(f"{count} {name}" for name, count in sorted(done.operators.items())))
    for split, accuracy in done.accuracy.items():
        print(f"{split}: float {accuracy['float']:.2%}, int8 {accuracy['int8']:.2%}")
    certain = done.certainty
    print(
        f"certain from score {certain.threshold:.2f}: {certain.coverage:.0%} of faces, {certain.accuracy:.1%} of them right"
    )
    print(f"wrote {args.out} ({args.out.stat().st_size:,} bytes) and {args.out.with_suffix('.json')}")


def _quantize_detector(args: argparse.Namespace) -> None:
    from convert.detector.quantize import quantize_detector

    done = quantize_detector(args.model, args.photos, args.out)
    print("operators, all int8: " + ", ".join(f"{count} {name}" for name, count in sorted(done.operators.items())))
    print("held-out faces found: " + ", ".join(f"{kind} {recall:.2%}" for kind, recall in done.recall.items()))
    alarms = done.figures["false_alarms_per_500"]
    print(
        f"as on the device: {done.figures['recall_iou_0.5']:.2%} from score {done.threshold:.2f}, {alarms} false alarms on 500 photos"
    )
    print(f"wrote {args.out} ({args.out.stat().st_size:,} bytes) and {args.out.with_suffix('.json')}")


def _evaluate_detector(args: argparse.Namespace) -> None:
    from convert.detector.evaluate import compare

    table = compare(args.photos, args.also, args.graynet, args.yunet, args.picture)
    print(table.T.to_string(header=False))
    if args.json:
        args.json.write_text(table.to_json(orient="records", indent=1) + "\n")


def _evaluate(args: argparse.Namespace) -> None:
    from convert.evaluate import evaluate

    result = evaluate(args.model, args.data, args.split, args.predictions)
    print(_table(result))
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


def _table(result: dict[str, Any]) -> str:
    latency = result["latency_ms"]
    lines = [f"{'':10}{'precision':>10}{'recall':>8}{'f1':>8}{'faces':>8}"]
    for label in LABELS:
        row = result["per_class"][label]
        lines.append(f"{label:10}{row['precision']:10.1%}{row['recall']:8.1%}{row['f1']:8.1%}{row['n']:8}")
    lines += [
        f"{result['model']} on {result['split']}, {result['n']} faces:",
        f"accuracy {result['accuracy']:.2%}, balanced {result['balanced_accuracy']:.2%}, ECE {result['ece']:.3f}, "
        f"{latency['median']:.2f} ms a face (p95 {latency['p95']:.2f})",
    ]
    if result["held_out_of_training"]:
        lines.append(
            "these are a tenth of the training faces, held out; a model trained on other files may have seen them"
        )
    if new := result["without_near_twins"]:
        lines.append(
            f"{result['n'] - new['n']} of them are of a photo that training holds too, cut or compressed anew; without those "
            f"{new['accuracy']:.2%}, balanced {new['balanced_accuracy']:.2%}"
        )
    return "\n".join(lines)


def _bundle(args: argparse.Namespace) -> None:
    from convert.release.bundle import bundle

    archive = bundle(args.out, args.wheels)
    print(f"wrote {archive} ({archive.stat().st_size / 1e6:.1f} MB) and {archive.name}.sha256")


def _deploy(args: argparse.Namespace) -> None:
    from convert.release.deploy import deploy

    deploy(args.host, args.wheels)


def _measure_crop(args: argparse.Namespace) -> None:
    from convert.calibration import calibration_faces
    from convert.detector.crop import measure
    from edge import settings
    from edge.vision import detection
    from train.data.fer2013 import load

    wanted = settings.DetectorSettings(
        kind=args.detector, graynet_model=str(args.graynet), yunet_model=str(args.yunet), min_face_px=40
    )
    detector = detection.open_detector(wanted)
    measured = measure(calibration_faces(load(args.data).split("train"), per_class=300), detector)
    print(f"{detector.name}: found {measured.found} of {measured.shown} training faces, 300 a class")
    print(f"median: {measured.geometry}\nmedian absolute deviation: {measured.spread}")
    if args.detector != "haar":
        print(f"median tilt of the eye line: {measured.eye_line_deg:.1f} degrees")


if __name__ == "__main__":
    sys.exit(main())
