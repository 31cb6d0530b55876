"""Which emotion models a device can afford, by what a frame takes with each."""

import pytest

from edge.commands.affordable import ModelTime, is_affordable, verdict


@pytest.mark.parametrize(
    ("frame_ms", "frames_per_second", "expected"),
    [(50.0, 15.0, True), (53.3, 15.0, True), (53.4, 15.0, False), (70.0, 15.0, False), (70.0, 5.0, True)],
)
def test_a_fifth_of_the_core_is_left_for_the_rest(frame_ms: float, frames_per_second: float, expected: bool) -> None:
    assert is_affordable(frame_ms, frames_per_second) == expected


def models(**frame_ms: float) -> dict[str, ModelTime]:
    return {name: ModelTime(time, is_affordable(time, 15.0)) for name, time in frame_ms.items()}


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (
            models(tiny=10.0, standard=20.0, large=60.0),
            "this device can afford: tiny and standard at 15 frames a second "
            "(a frame takes: tiny 10.0 ms, standard 20.0 ms, large 60.0 ms)",
        ),
        (models(tiny=10.0, standard=20.0, large=30.0), "tiny, standard and large at 15 frames a second"),
        (models(tiny=10.0, standard=60.0), "this device can afford: tiny at 15 frames a second"),
        (models(tiny=100.0, standard=200.0), "can afford no emotion model at 15 frames a second"),
        (models(tiny=100.0, standard=200.0), "set camera.frames_per_second to 8 or less"),
        (models(tiny=3000.0, standard=9000.0), "set camera.frames_per_second to 0.2 or less"),
        ({}, "no face in these frames"),
    ],
)
def test_the_line_for_people(found: dict[str, ModelTime], line: str) -> None:
    assert line in verdict(found, 15.0)
