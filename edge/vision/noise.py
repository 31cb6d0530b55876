"""Take the noise of a camera at night out of a picture, for a network that has learned from clearer ones."""

import cv2
import numpy as np
import numpy.typing as npt

COPY_DETAIL = 4  # gray levels from which half of the details make a frame's copy noisy: a deviation of 2.6
CROP_DETAIL = 11  # likewise of a crop, in which all is small and sharp: 1% of the faces of FER2013 have as many
ROW_PAIRS = 8  # that are looked at
MOST_PASSES = 3
MASK_PX = 5  # diameter of what a denoised pixel is the mean of, weighted by
NEAR_PX = 1.5  # a normal distribution of distances with this deviation,
ALIKE_LEVELS = 50.0  # and one of gray levels: edges stay


def denoised(gray: npt.NDArray[np.uint8], noisy_detail: int) -> npt.NDArray[np.uint8]:
    """`gray` itself, but where it is noisy a bilaterally filtered copy: Tomasi and Manduchi 1998."""
    for _ in range(MOST_PASSES):
        if not is_noisy(gray, noisy_detail):
            break
        gray = np.asarray(cv2.bilateralFilter(gray, MASK_PX, ALIKE_LEVELS, NEAR_PX), np.uint8)
    return gray


def is_noisy(gray: npt.NDArray[np.uint8], noisy_detail: int) -> bool:
    """Whether more than half of its details are as large. A detail is a - b - c + d of 2x2 pixels: none on a slope.

    Most of a clear picture has next to none: Donoho and Johnstone 1994, Ideal Spatial Adaptation by Wavelet Shrinkage.
    """
    end = max(gray.shape[0] - 1, 0)
    step = max(end // ROW_PAIRS, 1)
    slopes = np.subtract(gray[:end:step], gray[1 : end + 1 : step], dtype=np.int16)
    details = np.abs(slopes[:, :-1] - slopes[:, 1:])
    return bool(2 * np.count_nonzero(details >= noisy_detail) > details.size)
