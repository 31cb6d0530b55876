"""Chooses TensorFlow's kernels before the tests import Keras, as `python -m train` does."""

import train  # noqa: F401
