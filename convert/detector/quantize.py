"""Turn a trained face detector into the int8 file and manifest that ship; choose its threshold on held-out photos."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from convert.calibration import SEED
from convert.detector import evaluate as detectors
from convert.manifests import git_commit, tensor, tools, training, write_atomically
from edge import __version__
from edge.errors import ModelError, UsageError
from edge.vision import manifest
from edge.vision.detection import GrayNet
from edge.vision.manifest import DetectorManifest
from train.detector import photos as data
from train.detector.evaluate import judge
from train.detector.metrics import FALSE_ALARMS, LOWEST, as_frame, fitted
from train.detector.photos import Photo, Photos
from train.detector.scenes.drawing import CLEAN_SHARE, spoil
from train.network.loading import read_network

FRAMES = 200  # for the ranges of the integers
MAX_LOSS = 0.02  # of the recall, int8 against float


@dataclass(frozen=True)
class Quantized:
    operators: dict[str, int]
    recall: dict[str, float]  # of the float and of the int8 network, each at its own threshold for `FALSE_ALARMS`
    threshold: float
    figures: dict[str, float]


def quantize_detector(model: Path, folder: Path, out: Path, max_loss: float = MAX_LOSS) -> Quantized:
    """Write `out` (.tflite) and its manifest, both or neither.

    Raises NetworkError where the model is not readable, ModelError where it is not fully int8, or loses more than `max_loss` of its recall;
    DataError where the photos cannot be used, UsageError for another kind of `out`.
    """
    if out.suffix != ".tflite":
        raise UsageError(f"{out}: expected a name that ends in .tflite")
    photos = data.load(folder)
    from convert.tflite import check_int8, to_int8  # TensorFlow: after all that can be refused without it

    network = read_network(model)
    content = to_int8(network, calibration_frames(photos.training))
    operators = check_int8(content)
    with write_atomically(out) as part:
        part.write_bytes(content)
        draft = _describe(model, part, content)
        manifest.save(draft, manifest.path_beside(part))
        recall = _compare(network, part, photos, max_loss)
        result = detectors.judge(GrayNet(part, threshold=LOWEST, min_face_px=1), map(as_frame, photos.held_out))
        threshold = result.strict.threshold(FALSE_ALARMS)
        final = msgspec.structs.replace(draft, threshold=threshold, figures=detectors.figures(result, threshold))
        manifest.save(final, manifest.path_beside(part))
    return Quantized(operators, recall, threshold, final.figures)


def calibration_frames(training: tuple[Photo, ...], count: int = FRAMES, seed: int = SEED) -> np.ndarray:
    """Draw `count` training photos as the device's copy of a frame, (count, 288, 384) uint8, most with a camera's faults."""
    rng = np.random.default_rng(seed)
    frames = [fitted(training[index]).gray for index in rng.permutation(len(training))[:count]]
    return np.stack([frame if rng.random() < CLEAN_SHARE else spoil(frame, rng) for frame in frames])


def _compare(network: Any, part: Path, photos: Photos, max_loss: float) -> dict[str, float]:
    """Recall of both networks on the same frames."""
    same = [fitted(photo) for photo in photos.held_out]
    curves = {
        "float": judge(network, photos.held_out),
        "int8": detectors.judge(GrayNet(part, threshold=LOWEST, min_face_px=1), same).strict,
    }
    recall = {kind: curve.recall(curve.threshold(FALSE_ALARMS)) for kind, curve in curves.items()}
    lost = recall["float"] - recall["int8"]
    if lost > max_loss:
        raise ModelError(
            f"int8 finds {recall['int8']:.2%} of the faces, float {recall['float']:.2%}, "
            f"a loss of at most {max_loss:.2%} is allowed; nothing was written"
        )
    return recall


def _describe(model: Path, part: Path, content: bytes) -> DetectorManifest:
    interpreter = Interpreter(model_content=content)
    by_channels = {tuple(channels): name for name, channels in manifest.DETECTOR_OUTPUTS.items()}
    outputs = (tensor(details) for details in interpreter.get_output_details())
    return DetectorManifest(
        task=manifest.DETECTOR_TASK,
        name=part.stem,
        version=__version__,
        labels=["face"],
        input=tensor(interpreter.get_input_details()[0]),
        outputs={by_channels[tuple(one.shape[-1:])]: one for one in outputs},
        sha256=manifest.sha256(part),
        threshold=1.0,
        figures={},
        training=training(model),
        calibration={"frames": FRAMES, "seed": SEED},
        tools=tools(),
        git_commit=git_commit(),
    )
