"""Stands in for a writer of raw photos, which picamera2 imports and which has to be compiled."""
