"""Views: every training face changed in the same few ways, and what large teachers say of each of them, laid down once.

A student that follows its teachers in all the forms of a face, blends of two faces among them, learns more from them
than from what they say of the face itself (Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and
consistent"). Views that come again every few epochs spare it the teachers: they judge each once.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from train.augmentation import augment, slopes
from train.data import DataError, Faces, load
from train.runs import open_run
from train.targets import find, image_keys

SEED = 2013  # it and `train.augmentation` make the pixels: who changes either makes views.npz anew
CHUNK = 1024  # faces that draw their chances together


@dataclass(frozen=True)
class ViewsConfig:
    """What the views kept in a folder were judged by."""

    teachers: dict[str, str]  # SHA-256 of each file
    faces: int


@dataclass(frozen=True)
class Views:
    """Training faces and what the teachers say of their views."""

    images: np.ndarray  # (N, 48, 48) uint8, in the order of the file; black where this data lacks the face
    rows: np.ndarray  # (M,) int: those it has
    opinions: np.ndarray  # (views, N, 7) float16

    def of_epoch(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """What is seen in this epoch, (M, 48, 48) uint8, and the teachers' opinion of it, (M, 7) float32."""
        number = epoch % len(self.opinions)
        return view(self.images, number)[self.rows], self.opinions[number, self.rows].astype(np.float32)


def view(images: np.ndarray, number: int) -> np.ndarray:
    """Return view `number` of `images`, (N, 48, 48) uint8: in odd ones each face goes over into another one.

    The same `images` and `number` give the same pixels.
    """

    def prepare(start: int) -> np.ndarray:
        rng = np.random.default_rng([SEED, number, start])
        changed = augment(images[start : start + CHUNK], rng)
        if number % 2 == 0:
            return changed
        share, others = slopes(len(changed), rng), changed[rng.permutation(len(changed))]
        return np.round(share * changed + (1 - share) * others).astype(np.uint8)

    with ThreadPoolExecutor() as pool:
        return np.concatenate(list(pool.map(prepare, range(0, len(images), CHUNK))))


def teach_views(teachers: list[str], data: str, count: int, runs: Path, out: Path) -> dict[str, Any]:
    """Let the .keras files `teachers` judge `count` views of the training faces of `data`; write their mean to `out`.

    A view that has been judged is kept below `runs`; the same call carries on. Returns the figures. Raises DataError
    where the data or a teacher cannot be used, or `runs` holds what others judged.
    """
    from train import architectures
    from train.batches import as_input

    faces = load(data).train
    keys, first = np.unique(image_keys(faces.images), return_index=True)
    images, labels = faces.images[first], faces.labels[first]
    networks = [architectures.load(teacher) for teacher in teachers]
    digests = {teacher: hashlib.sha256(Path(teacher).read_bytes()).hexdigest() for teacher in teachers}
    open_run(ViewsConfig(digests, len(keys)), runs, resume=True)
    for number in range(count):
        cached = runs / f"view-{number}.npy"
        if not cached.exists():
            seen = as_input(view(images, number))
            opinion = np.mean([network.predict(seen, 256, verbose=0) for network in networks], axis=0)
            np.save(cached, opinion.astype(np.float16))
            print(f"view {number + 1}/{count}", flush=True)
    opinions = np.stack([np.load(runs / f"view-{number}.npy") for number in range(count)])
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, keys=keys, opinions=opinions)
    agreement = (opinions[::2].argmax(axis=2) == labels).mean()
    return {"faces": len(keys), "views": count, "agreement_with_labels": float(agreement)}


def load_views(path: Path, faces: Faces) -> Views:
    """Read what `teach_views` wrote and lay `faces` beside it.

    Raises DataError where the file is missing or was made of other faces.
    """
    try:
        with np.load(path) as file:
            keys, opinions = file["keys"], file["opinions"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: not a file of views ({error}); make it with `python -m train teach-views`") from error
    found, judged = find(faces, keys, path, "teach-views")
    images = np.zeros((len(keys), *faces.images.shape[1:]), np.uint8)
    images[found[judged]] = faces.images[judged]
    return Views(images, np.unique(found[judged]), opinions)
