"""Open a trained network: a .keras file, or an .h5 file as older Keras wrote it.

Its content says which, not its name.
"""

import tempfile
from pathlib import Path
from textwrap import shorten
from typing import Any

from edge.contract import INPUT_SHAPE, LABELS
from train.errors import NetworkError
from train.quiet import import_keras

SUFFIXES = {
    b"PK\x03\x04": (".keras",),
    b"\x89HDF\r\n\x1a\n": (".h5", ".hdf5"),
}  # the first bytes, and Keras' names
TFLITE_MAGIC = b"TFL3"  # from the fifth byte on
UNREADABLE = (  # what Keras raises for files of another version, another program, or cut off
    AttributeError,
    ImportError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def read_network(path: Path) -> Any:
    """Read a Keras model of any task.

    Raises NetworkError where there is none, before Keras is imported.
    """
    suffixes = _suffixes(path)
    if path.suffix in suffixes:
        return _load(path, path)
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder, f"model{suffixes[0]}")
        link.symlink_to(path.resolve())
        return _load(link, path)


def read_emotion_network(path: Path, outputs: int | None = len(LABELS)) -> Any:
    """Read a network that tells so many classes, None for any number. Raises NetworkError for another one."""
    network = read_network(path)
    found = (getattr(network, "input_shape", None), getattr(network, "output_shape", None))
    if outputs is None and isinstance(found[1], tuple) and len(found[1]) == 2:
        outputs = found[1][1]
    expected = ((None, *INPUT_SHAPE), (None, outputs))
    if found != expected:
        raise NetworkError(
            f"{path}: expected input and output of {expected}, found {found}", "train it on FER2013"
        )
    kind = network.inputs[0].dtype
    if not kind.startswith("float"):
        raise NetworkError(
            f"{path}: takes {kind} pixels, expected float32 (from 0 to 255)",
            f"build it on keras.Input({INPUT_SHAPE})",
        )
    return network


def _suffixes(path: Path) -> tuple[str, ...]:
    """The suffixes that Keras knows such a file by."""
    if path.is_dir():
        kind = (
            "a SavedModel folder, which Keras 3 does not read"
            if (path / "saved_model.pb").exists()
            else "a folder"
        )
        raise NetworkError(
            f"{path}: {kind}; expected a .keras or .h5 file",
            "save it with model.save('model.keras') where it was made",
        )
    if not path.is_file():
        raise _unreadable(path, "no such file")
    with path.open("rb") as file:
        start = file.read(8)
    for magic, suffixes in SUFFIXES.items():
        if start.startswith(magic):
            return suffixes
    reason = (
        "a .tflite file" if start[4:] == TFLITE_MAGIC else "neither a Keras 3 file nor an .h5 file"
    )
    raise _unreadable(path, reason)


def _load(path: Path, named: Path) -> Any:
    import_keras()
    import keras

    try:
        return keras.models.load_model(path, compile=False)
    except UNREADABLE as error:
        reason = str(error)
        if "No model config found" in reason:
            reason = "weights alone, without the network"
        raise _unreadable(named, reason) from error


def _unreadable(path: Path, reason: str) -> NetworkError:
    line = shorten(reason.strip().split("\n")[0], 120, placeholder=" ...")
    return NetworkError(
        f"{path}: not a readable .keras model ({line})", "train it with `python -m train fit`"
    )
