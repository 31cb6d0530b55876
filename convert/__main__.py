"""Command line between training and device: `python -m convert quantize | evaluate | bundle |
...`.

`bundle` and `deploy` run in the device's environment too: nothing here loads TensorFlow before
a command needs it.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's own notices

from convert.evaluation.tables import photos_table, table
from convert.options import parser
from edge.commands.system_error import explain
from edge.errors import EXIT_TRY_AGAIN, EdgeError, UsageError
from edge.vision.manifest import Certainty
from train.errors import TrainError
from train.quiet import import_keras


def main() -> int:
    args = parser(RUNS).parse_args()
    try:
        args.command(args)
    except KeyboardInterrupt:
        print("\nstopped; nothing was written", file=sys.stderr)
        return EXIT_TRY_AGAIN
    except (EdgeError, TrainError) as error:
        print(f"convert: {error.lines}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"convert: {explain(error).lines}", file=sys.stderr)
        return EXIT_TRY_AGAIN
    return 0


def _quantize(args: argparse.Namespace) -> None:
    import_keras()
    from convert.quantization.quantize import quantize

    done = quantize(
        args.model, args.data, args.out, prior_exponent=args.prior_exponent, labels=args.labels
    )
    _print_operators(done.operators)
    for split, accuracy in done.accuracy.items():
        print(f"{split}: float {accuracy['float']:.2%}, int8 {accuracy['int8']:.2%}")
    _print_decision(done.prior, done.certainty)
    _print_written(args.out)


def _adjust_prior(args: argparse.Namespace) -> None:
    import_keras()
    from convert.decision.fairness import adjust_prior

    done = adjust_prior(
        args.model, args.data, args.out, args.prior_exponent, args.version, args.labels
    )
    _print_decision(done.prior, done.certainty)
    _print_written(args.out)


def _to_keras(args: argparse.Namespace) -> None:
    import_keras()
    from convert.rebuild.to_keras import to_keras

    done = to_keras(args.model, args.recipe, args.data, args.out)
    print(
        f"validation: int8 {done.accuracy_int8:.2%}, float {done.accuracy:.2%} with the same shift of the logits, "
        f"{done.accuracy_unshifted:.2%} without"
    )
    print(
        f"the same answer on {done.same_answers:.1%} of faces, correlation {done.correlation:.4f}"
    )
    print(f"wrote {args.out} ({args.out.stat().st_size:,} bytes)")


def _print_decision(prior: dict[str, Any], certainty: Certainty) -> None:
    before = prior["without"]
    after = prior["with"]
    print(
        f"prior exponent {prior['exponent']:g}: accuracy {before['accuracy']:.2%} -> {after['accuracy']:.2%}, "
        f"balanced {before['balanced_accuracy']:.2%} -> {after['balanced_accuracy']:.2%}"
    )
    scores = ", ".join(f"{label} {score:.2f}" for label, score in certainty.thresholds.items())
    print(
        f"certain from {scores}: {certainty.coverage:.0%} of faces, {certainty.accuracy:.1%} of them right"
    )


def _quantize_detector(args: argparse.Namespace) -> None:
    import_keras()
    from convert.detector.quantize import quantize_detector

    done = quantize_detector(args.model, args.photos, args.out, args.data)
    _print_operators(done.operators)
    print(
        "held-out faces found: "
        + ", ".join(f"{kind} {recall:.2%}" for kind, recall in done.recall.items())
    )
    print(
        f"as on the device: {done.figures['recall_iou_0.5']:.2%} from score {done.threshold:.2f}, "
        f"{done.figures['false_alarms_per_500']} false alarms on 500 photos"
    )
    print(
        f"crop, in sides of the box: {done.crop.side} wide, shifted by {done.crop.shift_x}, {done.crop.shift_y}"
    )
    _print_written(args.out)


def _print_operators(operators: dict[str, int]) -> None:
    print(
        "operators, all int8: "
        + ", ".join(f"{count} {name}" for name, count in sorted(operators.items()))
    )


def _print_written(out: Path) -> None:
    print(f"wrote {out} ({out.stat().st_size:,} bytes) and {out.with_suffix('.json')}")


def _evaluate_detector(args: argparse.Namespace) -> None:
    from convert.detector.evaluate import compare

    table = compare(args.photos, args.also, args.graynet, args.yunet, args.picture)
    print(table.T.to_string(header=False))
    if args.json:
        args.json.write_text(table.to_json(orient="records", indent=1) + "\n")


def _evaluate_light(args: argparse.Namespace) -> None:
    from convert.detector.light import evaluate_in_bad_light
    from convert.detector.light import table as light_table

    rows = evaluate_in_bad_light(args.photos, args.graynet, args.sheet)
    print(light_table(rows))
    if args.json:
        args.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def _evaluate(args: argparse.Namespace) -> None:
    if args.robustness:
        _evaluate_robustness(args)
        return
    if args.picture:
        raise UsageError("--picture goes with --robustness", "add that, or leave it out")
    if args.photos and args.predictions:
        raise UsageError(
            "--predictions goes with --data", "with --photos, --json names the mistakes"
        )
    if args.sheet and not args.photos:
        raise UsageError(
            "--sheet goes with --photos", "`python -m train report` draws the mistakes of --data"
        )
    if args.photos:
        from convert.evaluation.photos import evaluate_photos

        result = evaluate_photos(args.model, args.photos, args.sheet, args.labels)
        print(photos_table(result))
    else:
        from convert.evaluation.evaluate import evaluate

        result = evaluate(args.model, args.data, args.split, args.predictions, args.labels)
        print(table(result))
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


def _evaluate_robustness(args: argparse.Namespace) -> None:
    if not args.data or args.model.suffix != ".tflite":
        raise UsageError(
            "--robustness goes with a .tflite file and --data, the faces that accuracy is measured on",
            "give both",
        )
    if args.predictions or args.sheet:
        raise UsageError("--robustness writes no predictions and no sheet", "--picture draws it")
    from convert.robustness.measure import measure
    from convert.robustness.table import sentence
    from convert.robustness.table import table as robustness_table

    result = measure(args.model, args.data, args.split, args.robustness, args.graynet, args.labels)
    print(robustness_table(result))
    print(f"\n{result.photos} photos, {result.faces} faces; {sentence(result)}")
    if args.picture:
        from convert.robustness.picture import save_picture

        save_picture(result, args.graynet, args.picture)
    if args.json:
        args.json.write_text(json.dumps(asdict(result), indent=1) + "\n")


def _bundle(args: argparse.Namespace) -> None:
    from convert.release.bundle import bundle

    archive = bundle(args.out, args.wheels)
    print(f"wrote {archive} ({archive.stat().st_size / 1e6:.1f} MB) and {archive.name}.sha256")


def _deploy(args: argparse.Namespace) -> None:
    from convert.release.deploy import deploy, roll_back, show

    if (args.list or args.rollback) and (args.settings or args.wheels):
        raise UsageError(
            "--settings and --wheels go with an installation, not with --list or --rollback",
            "leave them out",
        )
    if args.list:
        show(args.hosts, args.parallel)
    elif args.rollback:
        roll_back(args.hosts, args.parallel, args.keep_going)
    else:
        deploy(args.hosts, args.wheels, args.settings, args.parallel, args.keep_going)


def _measure_crop(args: argparse.Namespace) -> None:
    from convert.detector.crop import FACES_PER_CLASS, MIN_FACE_PX, measure
    from convert.quantization.calibration import calibration_faces
    from edge import settings
    from edge.vision import detection
    from train.data.fer2013 import load

    detector = detection.open_detector(
        settings.DetectorSettings(
            kind=args.detector,
            graynet_model=str(args.graynet),
            yunet_model=str(args.yunet),
            min_face_px=MIN_FACE_PX,
        )
    )
    faces = calibration_faces(load(args.data).split("train"), FACES_PER_CLASS)
    measured = measure(faces, detector)
    print(
        f"{detector.name}: found {measured.found} of {measured.shown} training faces, {FACES_PER_CLASS} a class"
    )
    print(f"median: {measured.geometry}\nmedian absolute deviation: {measured.spread}")
    if args.detector != "haar":
        print(f"median tilt of the eye line: {measured.eye_line_deg:.1f} degrees")


RUNS = {
    "quantize": _quantize,
    "adjust-prior": _adjust_prior,
    "to-keras": _to_keras,
    "evaluate": _evaluate,
    "quantize-detector": _quantize_detector,
    "evaluate-detector": _evaluate_detector,
    "evaluate-light": _evaluate_light,
    "bundle": _bundle,
    "deploy": _deploy,
    "measure-crop": _measure_crop,
}


if __name__ == "__main__":
    sys.exit(main())
