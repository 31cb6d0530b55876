"""A clock that stands still until a test, or what it tests, lets time pass."""


class FakeClock:
    """Seconds of a monotonic clock; `sleep` takes no time and moves it on."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
