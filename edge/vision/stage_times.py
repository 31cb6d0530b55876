"""How long the stages of a frame take: counted into classes of length, so that nothing grows."""

from bisect import bisect_left

BOUNDS_SECONDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class StageTimes:
    """For each stage the sum of its seconds, and how often it took up to each bound and longer than the one before."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, list[int]] = {}

    def add(self, stage: str, seconds: float) -> None:
        if stage not in self._counts:
            self._counts[stage] = [0] * (len(BOUNDS_SECONDS) + 1)
            self._sums[stage] = 0.0
        self._counts[stage][bisect_left(BOUNDS_SECONDS, seconds)] += 1
        self._sums[stage] += seconds

    def message(self) -> dict[str, list[float]]:
        """By stage: the sum, then the counts; the last one is of what took longer than the last bound."""
        return {stage: [round(self._sums[stage], 6), *counts] for stage, counts in self._counts.items()}
