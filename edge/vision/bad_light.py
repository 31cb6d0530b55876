"""Make a dark picture brighter and take the noise out of a noisy one, for networks that have learned from clear ones.

Pictures are (H, W) uint8, gray. One that is neither comes back as it is.
"""

import math

import cv2
import numpy as np
import numpy.typing as npt

DARK_LEVEL = 40.0  # median gray level below which a picture is made brighter
BRIGHT_LEVEL = 110.0  # to which its median is brought, if `LEAST_GAMMA` is enough
LEAST_GAMMA = 0.35
MEDIAN_STEP = 8  # every eighth pixel of every eighth row tells the median

COPY_DETAIL = 4  # gray levels; a copy in which half of the details are as large is noisy: by a deviation of 2.6
CROP_DETAIL = 11  # likewise of a crop, where all is small and sharp: 1% of FER2013's faces have as many
ROW_PAIRS = 8  # that are looked at
MOST_PASSES = 3  # of the filter; each costs 10 million instructions for a copy, 0.3 million for a crop
MASK_PX = 5  # diameter of what a denoised pixel is the mean of, weighted by
NEAR_PX = 1.5  # a normal distribution of distances with this deviation,
ALIKE_LEVELS = 50.0  # and one of gray levels: edges stay

Gray = npt.NDArray[np.uint8]


def clear_copy(gray: Gray) -> Gray:
    """What the face detector is to see of `gray`, the small copy of a frame or a close-up."""
    return denoised(brightened(gray), COPY_DETAIL)


def clear_crop(crop: Gray) -> Gray:
    """What the classifier is to see of `crop`, one face, (48, 48)."""
    return denoised(brightened(crop), CROP_DETAIL)


def brightened(gray: Gray) -> Gray:
    """`gray` with a median of `BRIGHT_LEVEL`, by a gamma, where it had one below `DARK_LEVEL`."""
    sample = gray[::MEDIAN_STEP, ::MEDIAN_STEP].ravel()
    middle = (sample.size - 1) // 2
    level = int(np.partition(sample, middle)[middle])
    if level >= DARK_LEVEL:
        return gray
    gamma = max(LEAST_GAMMA, math.log(BRIGHT_LEVEL / 255) / math.log(max(level, 1) / 255))
    levels = np.rint(255 * np.linspace(0, 1, 256) ** gamma).astype(np.uint8)
    return np.asarray(cv2.LUT(gray, levels), np.uint8)


def denoised(gray: Gray, noisy_detail: int) -> Gray:
    """`gray`, filtered bilaterally until it is not noisy any more: Tomasi and Manduchi 1998."""
    for _ in range(MOST_PASSES):
        if not is_noisy(gray, noisy_detail):
            break
        gray = np.asarray(cv2.bilateralFilter(gray, MASK_PX, ALIKE_LEVELS, NEAR_PX), np.uint8)
    return gray


def is_noisy(gray: Gray, noisy_detail: int) -> bool:
    """Whether more than half of its details are as large. A detail is a - b - c + d of 2x2 pixels: none on a slope.

    Most of a clear picture has next to none: Donoho and Johnstone 1994, Ideal Spatial Adaptation by Wavelet Shrinkage.
    """
    end = max(gray.shape[0] - 1, 0)
    step = max(end // ROW_PAIRS, 1)
    slopes = np.subtract(gray[:end:step], gray[1 : end + 1 : step], dtype=np.int16)
    details = np.abs(slopes[:, :-1] - slopes[:, 1:])
    return bool(2 * np.count_nonzero(details >= noisy_detail) > details.size)
