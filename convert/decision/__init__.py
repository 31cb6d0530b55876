"""Decide fairly between emotions that are frequent and rare: shift a finished model, and choose what is certain."""
