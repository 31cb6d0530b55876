"""Turn a trained face detector into the int8 file and manifest that ship.

Its threshold is chosen on held-out photos; its crop geometry is measured on FER2013, and both
stand in the manifest.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from convert.detector import crop as crops
from convert.detector.evaluate import evaluate, figures
from convert.manifests import git_commit, tensor, tools, training, write_atomically
from convert.quantization.calibration import SEED, calibration_faces
from edge import __version__
from edge.contract import CropGeometry
from edge.errors import ModelError, UsageError
from edge.vision import manifest
from edge.vision.detection import GrayNet
from edge.vision.manifest import DetectorManifest
from train.data.faces import Faces
from train.data.fer2013 import load as load_faces
from train.detector import photos as data
from train.detector.evaluate import evaluate as evaluate_float
from train.detector.metrics import FALSE_ALARMS, MIN_SCORE, as_frame, fitted
from train.detector.photos import Photo, Photos
from train.detector.scenes.degrading import CLEAN_SHARE, degrade
from train.network.loading import read_network
from train.run.folder import CONFIG

FRAMES = 200  # for the ranges of the integers
MAX_LOSS = 0.02  # of the recall, int8 against float
# The box itself, while its crop is measured.
UNKNOWN_CROP = CropGeometry(side=1.0, shift_x=0.0, shift_y=0.0)


@dataclass(frozen=True)
class Quantized:
    """What came out, for the command to print."""

    operators: dict[str, int]
    recall: dict[
        str, float
    ]  # of the float and of the int8 network, each at its own threshold for `FALSE_ALARMS`
    threshold: float
    crop: CropGeometry
    figures: dict[str, float]


def quantize_detector(
    model: Path,
    folder: Path,
    out: Path,
    fer2013: str = "",
    crop: CropGeometry | None = None,
    max_loss: float = MAX_LOSS,
) -> Quantized:
    """Write `out` (.tflite) and its manifest, both or neither.

    `crop` is measured on the training faces of `fer2013` unless given; without that, on those
    that the run of `model` pasted. Raises NetworkError where the model is not readable,
    ModelError where it is not fully int8, or loses more than `max_loss` of its recall;
    DataError where photos or faces cannot be used, UsageError for another kind of `out`.
    """
    if out.suffix != ".tflite":
        raise UsageError(
            f"{out}: expected a name that ends in .tflite", f"such as {out.with_suffix('.tflite')}"
        )
    photos = data.load(folder)
    network = read_network(model)
    faces = None if crop else _faces(model, fer2013)
    # TensorFlow: after all that can be refused without it
    from convert.quantization.first_layer import on_squares
    from convert.quantization.tflite import check_int8, to_int8

    content = on_squares(to_int8(network, calibration_frames(photos.training)))
    operators = check_int8(content)
    described = _describe(model, out.stem, content)
    recall = _compare(network, content, described, photos, max_loss)
    described = _with_figures(described, content, photos)
    if faces:
        crop = crops.measure(
            faces, GrayNet(content, described, min_face_px=crops.MIN_FACE_PX)
        ).geometry
    final = msgspec.structs.replace(described, crop=crop)
    manifest.verify(out, final, content)
    with write_atomically(out) as part:
        part.write_bytes(content)
        manifest.save(final, manifest.path_beside(part))
    return Quantized(operators, recall, final.threshold, final.crop, final.figures)


def calibration_frames(
    training: tuple[Photo, ...], count: int = FRAMES, seed: int = SEED
) -> np.ndarray:
    """Draw `count` training photos as the device's copy of a frame, (count, 288, 384) uint8,
    most with a camera's faults.
    """
    rng = np.random.default_rng(seed)
    frames = [fitted(training[index]).gray for index in rng.permutation(len(training))[:count]]
    return np.stack(
        [frame if rng.random() < CLEAN_SHARE else degrade(frame, rng) for frame in frames]
    )


def _faces(model: Path, fer2013: str) -> Faces:
    """Training faces to measure the crop on: of `fer2013`, else of what the run that `model`
    lies in was given.
    """
    config = model.parent / CONFIG
    place = fer2013 or (json.loads(config.read_text()).get("data", "") if config.is_file() else "")
    if not place:
        raise UsageError(
            f"{model}: lies in no run folder",
            "add --data, FER2013, to measure how its boxes lie in a face",
        )
    return calibration_faces(load_faces(place).split("train"), crops.FACES_PER_CLASS)


def _with_figures(described: DetectorManifest, content: bytes, photos: Photos) -> DetectorManifest:
    """Choose the threshold on held-out photos as a camera shows them, and say what it gives."""
    detector = GrayNet(content, described, threshold=MIN_SCORE, min_face_px=1)
    result = evaluate(detector, map(as_frame, photos.held_out))
    threshold = result.strict.threshold(FALSE_ALARMS)
    return msgspec.structs.replace(
        described, threshold=threshold, figures=figures(result, threshold)
    )


def _compare(
    network: Any, content: bytes, described: DetectorManifest, photos: Photos, max_loss: float
) -> dict[str, float]:
    """Recall of both networks on the same frames, by one look at each: the float one has no other."""
    detector = GrayNet(content, described, threshold=MIN_SCORE, min_face_px=1, closely=False)
    curves = {
        "float": evaluate_float(network, photos.held_out),
        "int8": evaluate(detector, map(fitted, photos.held_out)).strict,
    }
    recall = {kind: curve.recall(curve.threshold(FALSE_ALARMS)) for kind, curve in curves.items()}
    lost = recall["float"] - recall["int8"]
    if lost > max_loss:
        raise ModelError(
            f"int8 finds {recall['int8']:.2%} of the faces, float {recall['float']:.2%}, "
            f"a loss of at most {max_loss:.2%} is allowed; nothing was written",
            "train it for longer, or on more photos",
        )
    return recall


def _describe(model: Path, name: str, content: bytes) -> DetectorManifest:
    """All that the file itself tells; threshold, crop and figures come later."""
    interpreter = Interpreter(model_content=content)
    by_channels = {tuple(channels): name for name, channels in manifest.DETECTOR_OUTPUTS.items()}
    outputs = {}
    for details in interpreter.get_output_details():
        output = tensor(details)
        outputs[by_channels[tuple(output.shape[-1:])]] = output
    return DetectorManifest(
        task=manifest.DETECTOR_TASK,
        name=name,
        version=__version__,
        labels=["face"],
        input=tensor(interpreter.get_input_details()[0]),
        outputs=outputs,
        sha256=hashlib.sha256(content).hexdigest(),
        threshold=1.0,
        crop=UNKNOWN_CROP,
        figures={},
        training=training(model),
        calibration={"frames": FRAMES, "seed": SEED},
        tools=tools(),
        git_commit=git_commit(),
    )
