"""Hundreds of simulated devices on a real hub: python -m tests.fleet --devices 500 --minutes 10."""
