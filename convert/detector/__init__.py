"""The face detector's way to the device: quantize, evaluate beside others, measure its crop."""
