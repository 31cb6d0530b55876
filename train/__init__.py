"""The workstation stage: read FER2013, train a classifier, show how good it is."""

import os

# Read when TensorFlow is imported, which leaves oneDNN off where AVX2 is the best there is; with it
# training is 1.5 times faster.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Read when OpenCV is imported: a picture of 433 bytes may promise a gigapixel.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "100000000")
