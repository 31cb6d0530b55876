"""From a trained model to what runs on the device: calibrate, quantize, evaluate, bundle."""

import train  # noqa: F401  # sets what OpenCV and TensorFlow read when they are imported
