"""Small data that can be learned: seven kinds of stripes for the seven emotions, in the forms FER2013 comes in."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from edge.contract import LABELS
from train.data.faces import Faces
from train.detector.photos import BOX_COLUMNS, LANDMARK_COLUMNS

POINTS = np.array(
    [[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]
)  # eyes, nose, mouth corners: of the box
USAGES = ("Training", "PublicTest", "PrivateTest")


def faces(per_class: int, seed: int = 0) -> Faces:
    """Horizontal stripes, one more for every class, with noise: neither flips nor shifts change the class."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(len(LABELS)), per_class)
    rows = np.arange(48)[:, np.newaxis]
    stripes = [128 + 90 * np.sin(rows * (label + 1) * np.pi / 24 + rng.uniform(0, 6)) for label in labels]
    noisy = np.reshape(stripes, (-1, 48, 1)) + rng.normal(0, 12, (len(labels), 48, 48))
    return Faces(np.clip(noisy, 0, 255).astype(np.uint8), labels.astype(np.int64))


def blank(*labels: int) -> Faces:
    """Faces that show nothing, with these labels."""
    return Faces(np.zeros((len(labels), 48, 48), np.uint8), np.array(labels, np.int64))


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


def write_photos(folder: Path) -> Path:
    """40 photos with one drawn face, 16 without, a fifth of each from a source that is held out of the training."""
    rng = np.random.default_rng(0)
    rows = []
    for kind, count, sources in (("people", 40, ("ccp", "f18")), ("background", 16, ("scene15", "imnet"))):
        (folder / kind).mkdir()
        for index in range(count):
            gray = rng.integers(60, 120, (200, 300), dtype=np.uint8)
            name = f"{sources[index % 5 == 0]}_{index:03}.jpg"
            if kind == "people":
                side = int(rng.integers(30, 90))
                row = _draw_face(gray, int(rng.integers(0, 300 - side)), int(rng.integers(0, 200 - side)), side)
                rows.append([name, 0.9, *row])
            cv2.imwrite(str(folder / kind / name), gray)
    table = pd.DataFrame(rows, columns=["file", "score", *BOX_COLUMNS, *LANDMARK_COLUMNS])
    table.to_csv(folder / "boxes.csv", index=False)
    return folder


def _draw_face(gray: np.ndarray, x: int, y: int, side: int) -> list[float]:
    """Draw a disc with dark eyes, nose and mouth corners; return its box and `POINTS`, in pixels."""
    cv2.ellipse(gray, (x + side // 2, y + side // 2), (side // 2, side // 2), 0, 0, 360, 200, -1)
    points = POINTS * side + [x, y]
    for place in points:
        cv2.circle(gray, (round(place[0]), round(place[1])), max(side // 12, 1), 20, -1)
    return [x, y, side, side, *points.ravel()]
