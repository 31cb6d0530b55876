"""The columns of FER+'s votes, and which of them stand for FER2013's emotions."""

import numpy as np

VOTE_COLUMNS = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "NF",
)
LABEL_COLUMNS = np.array(  # in the order of LABELS
    [
        VOTE_COLUMNS.index(name)
        for name in ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    ]
)
