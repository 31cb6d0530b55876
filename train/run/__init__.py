"""What every training run needs, whichever network it trains: its folder, checkpoints, workers,
arithmetic.
"""
