"""Small data that can be learned: seven kinds of stripes for the seven emotions, in the forms FER2013 comes in."""

from pathlib import Path

import cv2
import numpy as np

from edge.contract import LABELS
from train.data import Faces

USAGES = ("Training", "PublicTest", "PrivateTest")


def faces(per_class: int, seed: int = 0) -> Faces:
    """Horizontal stripes, one more for every class, with noise: neither flips nor shifts change the class."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(len(LABELS)), per_class)
    rows = np.arange(48)[:, np.newaxis]
    stripes = [128 + 90 * np.sin(rows * (label + 1) * np.pi / 24 + rng.uniform(0, 6)) for label in labels]
    noisy = np.reshape(stripes, (-1, 48, 1)) + rng.normal(0, 12, (len(labels), 48, 48))
    return Faces(np.clip(noisy, 0, 255).astype(np.uint8), labels.astype(np.int64))


def write_csv(path: Path, splits: dict[str, Faces], header: str = "emotion,pixels,Usage") -> Path:
    """Columns in the header's order, as both the challenge's files have them."""
    lines = [header]
    for usage, part in splits.items():
        for image, label in zip(part.images, part.labels, strict=True):
            values = {"emotion": str(label), "pixels": " ".join(map(str, image.ravel())), "Usage": usage}
            lines.append(",".join(values[name.strip()] for name in header.split(",")))
    path.write_text("\n".join(lines) + "\n")
    return path


def write_folders(root: Path, splits: dict[str, Faces], named: bool = True) -> Path:
    """The Kaggle layout, as PNG so that no pixel changes; `named` keeps PublicTest_ and its like."""
    for usage, part in splits.items():
        for number, (image, label) in enumerate(zip(part.images, part.labels, strict=True)):
            folder = root / ("train" if usage == "Training" else "test") / LABELS[label]
            folder.mkdir(parents=True, exist_ok=True)
            prefix = f"{usage}_" if named else ("" if usage == "Training" else usage[:3].lower())
            cv2.imwrite(str(folder / f"{prefix}{number:05d}.png"), image)
    return root
