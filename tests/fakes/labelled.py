"""A real model of other labels, without training: the shipped one, of whose last layer some rows are left."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.contract import LABELS
from edge.settings import DEFAULT_MODEL

VALENCE = {"negative": "sad", "positive": "happy", "neutral": "neutral", "surprise": "surprise"}
"""what each label of the model tells in truth"""


def write_model(path: Path, meaning: Mapping[str, str] = VALENCE) -> Path:
    """Write `path` (.tflite) and its manifest, of a model with the labels `meaning`, in their order; returns `path`."""
    rows = np.array([LABELS.index(emotion) for emotion in meaning.values()])
    model = schema.ModelT.InitFromPackedBuf(DEFAULT_MODEL.read_bytes(), 0)
    graph = model.subgraphs[0]
    dense, softmax = graph.operators[-2:]
    for index in (dense.inputs[1], dense.inputs[2]):
        _keep_rows(model, graph.tensors[index], rows)
    for index in (dense.outputs[0], softmax.outputs[0]):
        graph.tensors[index].shape = np.array([1, len(rows)], np.int32)
        graph.tensors[index].shapeSignature = None
    builder = flatbuffers.Builder(1 << 18)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    path.with_suffix(".json").write_text(json.dumps(_manifest(path, list(meaning))))
    return path


def settings_file(path: Path, model: Path, **tables: str) -> Path:
    """Settings with that model; each of `tables` is the text of one more."""
    more = "".join(f"[{name}]\n{text}\n" for name, text in tables.items())
    path.write_text(f'[classifier]\nmodel = "{model}"\n{more}')
    return path


def _keep_rows(model: Any, tensor: Any, rows: np.ndarray) -> None:
    """Of a tensor whose first dimension counts the classes."""
    kind = np.int8 if tensor.type == schema.TensorType.INT8 else np.int32
    values = np.frombuffer(bytes(model.buffers[tensor.buffer].data), kind).reshape(tensor.shape)
    model.buffers[tensor.buffer].data = np.frombuffer(values[rows].tobytes(), np.uint8)
    tensor.shape = np.array([len(rows), *tensor.shape[1:]], np.int32)
    for name in ("scale", "zeroPoint"):
        each = getattr(tensor.quantization, name)
        if len(each) == len(LABELS):
            setattr(tensor.quantization, name, np.asarray(each)[rows])


def _manifest(path: Path, labels: list[str]) -> dict[str, Any]:
    manifest = json.loads(DEFAULT_MODEL.with_suffix(".json").read_text())
    manifest["name"] = path.stem
    manifest["labels"] = labels
    manifest["output"]["shape"] = [1, len(labels)]
    manifest["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest["certainty"]["thresholds"] = dict.fromkeys(labels, 0.6)
    return manifest
