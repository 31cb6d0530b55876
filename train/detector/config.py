"""Every setting of a detector's training run, with its reason."""

from dataclasses import dataclass
from pathlib import Path

from train.config import Precision

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class DetectorConfig:
    """What defines a run; saved beside it, and a resumed run must be given the same."""

    photos: str
    data: str  # FER2013, for its faces alone: they are pasted into backgrounds
    start: str = ""  # int8 detector, .tflite, whose weights to start from; empty: random ones
    bad_light: bool = (
        False  # scenes in it too, with faces as large as the frame and cut by its edge
    )
    epochs: int = 100
    seed: int = 1
    batch_size: int = 32
    learning_rate: float = 3e-3  # peak, AdamW
    warmup_epochs: float = 1.0
    weight_decay: float = 0.01
    ema_span: float = 0.02  # of the run: the weights kept are averaged over about this last part
    precision: Precision = (
        "float32"  # bfloat16 is slower here: the first layers have too few channels for it
    )
