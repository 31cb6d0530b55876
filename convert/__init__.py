"""From a trained model to what runs on the device: calibrate, quantize, evaluate, bundle."""
