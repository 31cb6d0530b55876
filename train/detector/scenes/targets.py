"""What each cell of the network's output should say of a scene: CenterNet's heat map, with
boxes at its peaks.

Zhou et al. 2019, "Objects as Points".
"""

import numpy as np

from edge.contract import CELL_PX
from train.detector.scenes.drawing import HEIGHT, WIDTH
from train.detector.scenes.framing import Scene

ROWS = HEIGHT // CELL_PX
COLUMNS = WIDTH // CELL_PX
CORE = 0.12  # radius of positive cells around a face's centre, as a share of the face's side
CORE_PX = 6.0  # or that many pixels: a small face, too, has more than one cell to learn from
SIGMA = 0.15  # of the Gaussian that lowers the negative loss around a face, in sides
NEGATIVE_POWER = 4  # as in CenterNet
CELL_X, CELL_Y = np.meshgrid(
    (np.arange(COLUMNS) + 0.5) * CELL_PX,
    (np.arange(ROWS) + 0.5) * CELL_PX,
)


def assign(scene: Scene) -> dict[str, np.ndarray]:
    """Return, for each of (24, 32) cells, targets with a weight in the last place, float32.

    scores (24, 32, 2): 1 at faces; boxes (24, 32, 5): x, y, width, height in pixels of the frame;
    landmarks (24, 32, 11): from the box's centre, in its sides. The weights of one face's cells sum
    to 1 in boxes and landmarks.
    """
    targets = {
        "scores": np.zeros((ROWS, COLUMNS, 2), np.float32),
        "boxes": np.zeros((ROWS, COLUMNS, 5), np.float32),
        "landmarks": np.zeros((ROWS, COLUMNS, 11), np.float32),
    }
    targets["scores"][..., 1] = 1.0
    for box in scene.boxes[~scene.valid]:
        targets["scores"][_inside(box), 1] = 0.0
    areas = scene.boxes[:, 2:].prod(axis=1)
    largest_first = sorted(np.flatnonzero(scene.valid), key=lambda index: -areas[index])
    for index in largest_first:  # small ones on top
        _add_face(targets, scene.boxes[index], scene.landmarks[index])
    return targets


def _add_face(targets: dict[str, np.ndarray], box: np.ndarray, landmarks: np.ndarray) -> None:
    """Write one face into the cells around its centre; the nearest cell is always one of them."""
    scores = targets["scores"]
    size = box[2:]
    side = np.sqrt(size.prod())
    centre = box[:2] + size / 2
    distance = np.hypot(CELL_X - centre[0], CELL_Y - centre[1]) / side
    negative_weight = (1 - np.exp(-0.5 * (distance / SIGMA) ** 2)) ** NEGATIVE_POWER
    np.minimum(scores[..., 1], negative_weight, out=scores[..., 1], where=scores[..., 0] == 0)
    core = (distance <= max(CORE, CORE_PX / side)) | (distance == distance.min())
    share = 1 / core.sum()
    scores[core] = 1.0, 1 / np.sqrt(core.sum())
    targets["boxes"][core] = [*box, share]
    points = (landmarks.reshape(5, 2) - centre) / size
    known = not np.isnan(points).any()
    targets["landmarks"][core] = [*points.ravel(), share] if known else 0.0


def _inside(box: np.ndarray) -> np.ndarray:
    x, y, width, height = box
    inside_x = np.abs(CELL_X - x - width / 2) <= width / 2
    inside_y = np.abs(CELL_Y - y - height / 2) <= height / 2
    return inside_x & inside_y
