"""Take features out of GrayNet that its three outputs can do without: so models/face_int8.tflite went from 48 to 40.

.venv-train/bin/python -m tests.studies.narrowed_head models/face_int8.tflite --photos DIR --out NEW/face_int8.tflite

Scores (before the sigmoid), boxes and landmarks are sums of the last layer's features, so what one feature tells can
be told by others that go along with it. Which go is found by backward elimination with least squares on photos of the
training, as in "Channel pruning for accelerating very deep neural networks", He et al. 2017; nothing is trained.
"""

import argparse
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from convert.detector.evaluate import evaluate, figures
from convert.quantization.tflite import packed
from edge import __version__
from edge.vision import manifest
from edge.vision.detection import GrayNet
from edge.vision.manifest import DetectorManifest
from edge.vision.runtime import load_interpreter
from train.detector.metrics import MIN_SCORE, as_frame, fitted
from train.detector.photos import Photo, load

PHOTOS = 3000
SURE = 0.4  # score of the cells whose boxes and landmarks count
DOUBTFUL = 0.1  # score from which a cell counts for the scores, by its power of four: what may pass for a face
CHANNELS = (4, 10, 1)  # of boxes, landmarks, scores
RIDGE = 1e-6


@dataclass(frozen=True)
class Sums:
    """Of all cells, for least squares: products of the F features with one another and with the O outputs."""

    features: np.ndarray  # (F, F); the last feature is 1, for the bias
    products: np.ndarray  # (F, O)
    squares: np.ndarray  # (O,) of the outputs
    around_mean: np.ndarray  # (O,) the same of their distances from their mean

    def fit(self, kept: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Weights of the `kept` features, (K, O), and how much of the outputs they leave unexplained, (O,)."""
        between = self.features[np.ix_(kept, kept)] + RIDGE * np.eye(len(kept))
        weights = np.linalg.solve(between, self.products[kept])
        explained = (weights * self.products[kept]).sum(axis=0)
        return weights, np.maximum((self.squares - explained) / self.around_mean, 0)


class Head:
    """The last layer of a detector's file, and the three convolutions of 1x1 that read its features."""

    def __init__(self, content: bytes) -> None:
        self._model = schema.ModelT.InitFromPackedBuf(content, 0)
        self._graph = self._model.subgraphs[0]
        by_channels = {int(self._tensors(one)[-1].shape[-1]): one for one in self._graph.operators}
        self._readers = [by_channels[count] for count in CHANNELS[:-1]]
        self.feature = int(self._readers[0].inputs[0])
        read = [one for one in self._graph.operators if one.inputs[0] == self.feature]
        self._readers += [one for one in read if one not in self._readers]
        self._maker = next(one for one in self._graph.operators if one.outputs[0] == self.feature)

    @property
    def feature_scale(self) -> float:
        return float(self._graph.tensors[self.feature].quantization.scale[0])

    def weights(self) -> np.ndarray:
        """Of all outputs, real numbers, (F, O); the last row is the bias."""
        columns = []
        for reader in self._readers:
            _, kernel, bias, _ = self._tensors(reader)
            scales = np.asarray(kernel.quantization.scale)[:, np.newaxis]
            real = self._values(kernel, np.int8)[:, 0, 0] * scales
            biases = self._values(bias, np.int32) * np.asarray(bias.quantization.scale)
            columns.append(np.column_stack([real, biases]).T)
        return np.hstack(columns)

    def narrow(self, kept: list[int], weights: np.ndarray) -> bytes:
        """The file with the features `kept` alone, which its outputs read with `weights`, (K + 1, O)."""
        _, kernel, bias, features = self._tensors(self._maker)
        for tensor, kind in ((kernel, np.int8), (bias, np.int32)):
            self._store(tensor, self._values(tensor, kind)[kept], np.asarray(tensor.quantization.scale)[kept])
        features.shape = np.array([*features.shape[:3], len(kept)], np.int32)
        first = 0
        for reader, count in zip(self._readers, CHANNELS, strict=True):
            self._read_with(reader, weights[:, first : first + count].T)
            first += count
        return packed(self._model)

    def _read_with(self, reader: Any, rows: np.ndarray) -> None:
        """Let `reader` have these weights, (O, K + 1), in whole numbers."""
        _, kernel, bias, _ = self._tensors(reader)
        scales = np.abs(rows[:, :-1]).max(axis=1) / np.iinfo(np.int8).max
        whole = np.rint(rows[:, :-1] / scales[:, np.newaxis]).astype(np.int8)
        self._store(kernel, whole[:, np.newaxis, np.newaxis], scales)
        scales = scales * self.feature_scale
        self._store(bias, np.rint(rows[:, -1] / scales).astype(np.int32), scales)

    def _tensors(self, operator: Any) -> list[Any]:
        """Of a convolution: input, weights, bias, output."""
        return [self._graph.tensors[index] for index in (*operator.inputs, *operator.outputs)]

    def _values(self, tensor: Any, kind: type[np.generic]) -> np.ndarray:
        return np.frombuffer(bytes(self._model.buffers[tensor.buffer].data), kind).reshape(tensor.shape)

    def _store(self, tensor: Any, values: np.ndarray, scales: np.ndarray) -> None:
        self._model.buffers[tensor.buffer].data = np.frombuffer(values.tobytes(), np.uint8)
        tensor.shape = np.array(values.shape, np.int32)
        tensor.quantization.scale = scales.astype(np.float32)
        tensor.quantization.zeroPoint = np.zeros(len(scales), np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", type=int, default=40)
    arguments = parser.parse_args()
    described, content = manifest.read_verified(arguments.model, DetectorManifest)
    photos = load(arguments.photos)
    count = len(photos.training)
    chosen = np.random.default_rng(0).choice(count, min(PHOTOS, count), replace=False)
    head = Head(content)
    cells = features(content, head.feature, [photos.training[index] for index in chosen])
    for_scores, for_places = summed(cells, head)
    kept = eliminated(for_scores, for_places, arguments.keep)
    weights = np.hstack([for_places.fit(kept)[0], for_scores.fit(kept)[0]])
    narrowed = head.narrow(kept[:-1], weights)
    arguments.out.write_bytes(narrowed)
    final = measured(narrowed, described, photos.held_out)
    manifest.save(final, manifest.path_beside(arguments.out))
    print(final.figures)


def features(content: bytes, feature: int, photos: list[Photo]) -> Iterator[np.ndarray]:
    """What the last layer sees in each photo, int8, (cells, F)."""
    cut = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = cut.subgraphs[0]
    place = next(number for number, one in enumerate(graph.operators) if one.outputs[0] == feature)
    graph.operators = graph.operators[: place + 1]
    graph.outputs = np.array([feature], np.int32)
    cut.signatureDefs = []
    interpreter = load_interpreter(packed(cut), 1, "litert")
    given = interpreter.get_input_details()[0]
    made = interpreter.get_output_details()[0]["index"]
    for photo in photos:
        interpreter.set_tensor(given["index"], (fitted(photo).gray ^ 128).view(np.int8).reshape(given["shape"]))
        interpreter.invoke()
        found = interpreter.get_tensor(made)[0]
        yield found.reshape(-1, found.shape[-1])


def summed(cells: Iterator[np.ndarray], head: Head) -> tuple[Sums, Sums]:
    """For the scores, where every cell counts, and for boxes and landmarks, where those count that are sure of a face.

    The outputs are what the file itself makes of the features, before it rounds them.
    """
    weights = head.weights()
    rows = [np.zeros((len(weights), len(weights) + weights.shape[1])) for _ in range(2)]
    squares = [np.zeros(weights.shape[1]) for _ in range(2)]
    for cell in cells:
        seen = np.column_stack([(cell + 128.0) * head.feature_scale, np.ones(len(cell))])
        outputs = seen @ weights
        score = 1 / (1 + np.exp(-outputs[:, -1]))
        for index, weight in enumerate((score**4 * (score > DOUBTFUL), score > SURE)):
            weighted = seen * weight[:, np.newaxis]
            rows[index] += weighted.T @ np.hstack([seen, outputs])
            squares[index] += (outputs**2 * weight[:, np.newaxis]).sum(axis=0)
    return _sums(rows[0], squares[0], slice(-1, None)), _sums(rows[1], squares[1], slice(0, -1))


def _sums(rows: np.ndarray, squares: np.ndarray, which: slice) -> Sums:
    count = len(rows)
    products = rows[:, count:][:, which]
    means = products[-1] ** 2 / rows[-1, count - 1]
    return Sums(rows[:, :count], products, squares[which], squares[which] - means)


def eliminated(for_scores: Sums, for_places: Sums, keep: int) -> list[int]:
    """The features that stay, one after another having gone that is missed least; the last is the bias."""
    bias = len(for_scores.features) - 1
    kept = list(range(bias))
    while len(kept) > keep:
        missed = {}
        for one in kept:
            others = [other for other in kept if other != one] + [bias]
            missed[one] = for_scores.fit(others)[1].mean() + for_places.fit(others)[1].mean()
        least = min(missed, key=lambda one: missed[one])
        kept.remove(least)
        print(f"{len(kept)} features: without number {least} {missed[least]:.2e} of the outputs is unexplained")
    return [*kept, bias]


def measured(content: bytes, described: DetectorManifest, held_out: tuple[Photo, ...]) -> DetectorManifest:
    """The manifest with this file's figures, at the threshold that it had."""
    named = msgspec.structs.replace(described, version=__version__, sha256=hashlib.sha256(content).hexdigest())
    detector = GrayNet(content, named, threshold=MIN_SCORE, min_face_px=1)
    result = evaluate(detector, map(as_frame, held_out))
    return msgspec.structs.replace(named, figures=figures(result, named.threshold))


if __name__ == "__main__":
    main()
