import io
from datetime import datetime

import numpy as np

from edge.daemon.streams import CLEAR_LINE
from edge.daemon.terminal import StatusLine, describe
from edge.results import FaceEmotion

NOON = datetime(2026, 11, 22, 12, 0, 0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def face(emotion: str = "happy", certain: bool = True, track: int = 1) -> FaceEmotion:
    return FaceEmotion(track, (0, 0, 1, 1), 1.0, emotion, 0.83, certain, np.zeros(7, np.float32))


def test_faces_read_as_a_person_would_say_them() -> None:
    assert describe([]) == "no face"
    assert describe([face(), face("sad", certain=False, track=2)]) == "#1 happy 83%   #2 sad? 83%"


def test_a_pipe_gets_a_line_a_change_and_at_most_one_a_second() -> None:
    stream = io.StringIO()
    status = StatusLine(stream)
    for tenth in range(100):
        status.show([face("happy" if tenth < 50 else "sad")], tenth / 10, NOON)
    status.close()
    assert stream.getvalue() == "12:00:00     - fps  #1 happy 83%\n12:00:00  10.0 fps  #1 sad 83%\n"


def test_a_pipe_is_not_flooded_by_a_flickering_label() -> None:
    stream = io.StringIO()
    status = StatusLine(stream)
    for tenth in range(100):
        status.show([face("happy" if tenth % 2 else "sad")], tenth / 10, NOON)
    assert stream.getvalue().count("\n") <= 10


def test_frames_left_out_are_counted_where_there_are_any() -> None:
    stream = io.StringIO()
    StatusLine(stream).show([], 0.0, NOON, dropped=12)
    assert stream.getvalue() == "12:00:00     - fps  12 dropped  no face\n"


def test_a_terminal_keeps_one_line() -> None:
    stream = Terminal()
    status = StatusLine(stream)
    for tenth in range(20):
        status.show([face()], tenth / 10, NOON)
    status.close()
    text = stream.getvalue()
    assert 4 <= text.count(CLEAR_LINE) <= 9
    assert text.count("\n") == 1
    assert text.endswith("\n")


def test_what_is_said_between_stands_on_a_line_of_its_own() -> None:
    stream = Terminal()
    status = StatusLine(stream)
    status.show([face()], 0.0, NOON)
    status.close()
    status.close()
    status.show([face()], 1.0, NOON)
    status.close()
    assert stream.getvalue().count("\n") == 2
