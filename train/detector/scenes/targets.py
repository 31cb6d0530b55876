"""What each cell of the network's output should say of a scene: CenterNet's heat map (Zhou et al. 2019), boxes at its peaks."""

import numpy as np

from edge.contract import CELL_PX
from train.detector.scenes.drawing import HEIGHT, WIDTH
from train.detector.scenes.framing import Scene

ROWS, COLUMNS = HEIGHT // CELL_PX, WIDTH // CELL_PX
CORE = 0.12  # cells so near to a face's centre, in its sides, are asked for it
CORE_PX = 6.0  # or so near in pixels: a small face, too, has more than one cell to learn from; always the nearest one
SPREAD = 0.15  # standard deviation, in sides, of the slope on which a cell is blamed less for answering
BLAME_POWER = 4  # as in CenterNet

_x, _y = np.meshgrid((np.arange(COLUMNS) + 0.5) * CELL_PX, (np.arange(ROWS) + 0.5) * CELL_PX)


def assign(scene: Scene) -> dict[str, np.ndarray]:
    """Return, for each of (24, 32) cells, targets with a weight in the last place, float32.

    scores (24, 32, 2): 1 at faces; boxes (24, 32, 5): x, y, width, height in pixels of the frame; landmarks
    (24, 32, 11): from the box's centre, in its sides. The weights of one face's cells sum to 1 in boxes and landmarks.
    """
    scores = np.zeros((ROWS, COLUMNS, 2), np.float32)
    scores[..., 1] = 1.0
    boxes, landmarks = np.zeros((ROWS, COLUMNS, 5), np.float32), np.zeros((ROWS, COLUMNS, 11), np.float32)
    for box in scene.boxes[~scene.counted]:
        scores[_inside(box), 1] = 0.0
    sides = scene.boxes[:, 2:].prod(axis=1)
    for index in sorted(np.flatnonzero(scene.counted), key=lambda index: -sides[index]):  # small ones last, on top
        centre, size = scene.boxes[index, :2] + scene.boxes[index, 2:] / 2, scene.boxes[index, 2:]
        distance = np.hypot(_x - centre[0], _y - centre[1]) / np.sqrt(sides[index])
        blame = (1 - np.exp(-0.5 * (distance / SPREAD) ** 2)) ** BLAME_POWER
        np.minimum(scores[..., 1], blame, out=scores[..., 1], where=scores[..., 0] == 0)
        core = (distance <= max(CORE, CORE_PX / np.sqrt(sides[index]))) | (distance == distance.min())
        scores[core] = 1.0, 1 / np.sqrt(core.sum())
        boxes[core] = [*scene.boxes[index], 1 / core.sum()]
        points = (scene.landmarks[index].reshape(5, 2) - centre) / size
        known = not np.isnan(points).any()
        landmarks[core] = [*points.ravel(), 1 / core.sum()] if known else 0.0
    return {"scores": scores, "boxes": boxes, "landmarks": landmarks}


def _inside(box: np.ndarray) -> np.ndarray:
    x, y, width, height = box
    return (np.abs(_x - x - width / 2) <= width / 2) & (np.abs(_y - y - height / 2) <= height / 2)
