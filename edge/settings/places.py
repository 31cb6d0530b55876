"""Where things lie: the models that come along, the state, the socket; by how the program was installed."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
INSTALLED, SERVICE_STATE = Path("/opt/emotion-edge"), Path("/var/lib/emotion-edge")  # as systemd/ has them
SERVICE_RUNTIME = Path("/run/emotion-edge")
PACKAGED_MODELS = Path(__file__).resolve().parents[1] / "_models"  # where `pip install` puts them
IS_PACKAGED = PACKAGED_MODELS.is_dir()
MODELS = PACKAGED_MODELS if IS_PACKAGED else PROJECT / "models"
DEFAULT_MODEL = MODELS / "emotion_int8.tflite"
MODEL_FAMILY = {
    "tiny": MODELS / "emotion_tiny_int8.tflite",
    "standard": DEFAULT_MODEL,
    "large": MODELS / "emotion_large_int8.tflite",
}
"""emotion models by name, from the fastest to the most accurate"""
DEFAULT_GRAYNET = MODELS / "face_int8.tflite"
DEFAULT_YUNET = MODELS / "face_detection_yunet_2023mar.onnx"


def shipped_models() -> dict[str, Path]:
    """Those of `MODEL_FAMILY` that this release has."""
    return {name: path for name, path in MODEL_FAMILY.items() if path.is_file()}


def state_folder() -> Path:
    """Where state is kept: in $STATE_DIRECTORY of systemd, else where this program was installed to.

    An installed release takes the service's folder, a package of pip the user's own, a checkout ./logs.
    """
    if "STATE_DIRECTORY" in os.environ:
        return Path(os.environ["STATE_DIRECTORY"])
    if INSTALLED in PROJECT.parents:
        return SERVICE_STATE
    if IS_PACKAGED:
        return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "emotion-edge"
    return Path("logs")


def live_socket() -> Path:
    """Where `run` tells what it sees: in systemd's $RUNTIME_DIRECTORY, the service's, or beside the log."""
    if folder := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(folder) / "live.sock"
    return (SERVICE_RUNTIME if INSTALLED in PROJECT.parents else state_folder()) / "live.sock"
