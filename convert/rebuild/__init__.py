"""Rebuild a network's floating-point form from its finished int8 file, so that training can carry on from there."""
