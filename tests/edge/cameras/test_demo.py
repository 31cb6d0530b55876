"""The demo plays once for a script, and again and again for a person."""

from edge.cameras.demo import DemoVideo
from tests.fakes.clock import FakeClock

FRAMES = 180


def played(repeat: bool | None, at_most: int) -> int:
    clock = FakeClock()
    with DemoVideo(repeat, clock, clock.sleep) as demo:
        frames = 0
        while frames < at_most and demo.read() is not None:
            frames += 1
    return frames


def test_the_demo_ends_where_nobody_sits_at_a_terminal() -> None:
    assert played(None, 2 * FRAMES) == FRAMES


def test_the_demo_begins_again_at_its_end() -> None:
    assert played(True, 2 * FRAMES + 5) == 2 * FRAMES + 5
