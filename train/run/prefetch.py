"""Batches prepared in a thread, a few ahead of the network."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

AHEAD = 3

Item = TypeVar("Item")


def prefetched(prepare: Callable[[int], Item], count: int) -> Iterator[Item]:
    """Yield `prepare(0)` to `prepare(count - 1)`, at most `AHEAD` of them waiting."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[Item]] = deque()
        for number in range(count + AHEAD):
            if number < count:
                waiting.append(pool.submit(prepare, number))
            if number >= AHEAD:
                yield waiting.popleft().result()
