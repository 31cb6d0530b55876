"""What training, conversion and the device must agree on: labels, input shape, how a face is cropped.

Scaling is no part of it: a model takes raw gray levels and scales them inside its graph.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
INPUT_SIDE = 48
INPUT_SHAPE = (INPUT_SIDE, INPUT_SIDE, 1)
