"""Episodes in the order of their ends, behind a mark: each once, none missing."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from edge.contract import LABELS
from edge.events.ended import Backlog, Mark
from edge.events.reader import open_reader
from edge.events.records import EpisodeRow
from tests.fakes.eventlog import AT_ONCE, Clock, face, fill, open_log, rows


def look(path: Path, mark: Mark, limit: int = 500, quiet: bool = False) -> Backlog:
    with open_reader(path) as log:
        return log.ended(mark, limit, quiet)


@contextmanager
def open_writer(path: Path) -> Iterator[sqlite3.Connection]:
    """As retention, which deletes rows, does: by hand."""
    with closing(sqlite3.connect(path)) as database, database:
        yield database


def send_all(path: Path, mark: Mark, limit: int = 500, quiet: bool = False) -> tuple[list[EpisodeRow], Mark]:
    """All that a sender would send, and where it then stands."""
    sent: list[EpisodeRow] = []
    while (backlog := look(path, mark, limit, quiet)).ended:
        mark = backlog.mark
        for row in backlog.ended:
            sent.append(row)
            mark = mark.after(row)
    return sent, backlog.mark


def test_what_goes_on_waits_and_is_told_apart(tmp_path: Path) -> None:
    fill(tmp_path / "log.db", 35)
    backlog = look(tmp_path / "log.db", Mark())
    assert [row.emotion for row in backlog.ended] == ["angry", "disgust"]
    assert [row.emotion for row in backlog.growing] == ["fear", "happy"], "fear ended 5 s ago, and could still go on"
    assert [row.emotion for row in look(tmp_path / "log.db", Mark(), quiet=True).ended] == list(LABELS[:4])


def test_a_new_run_ends_the_episodes_of_the_one_before(tmp_path: Path) -> None:
    clock = Clock()
    fill(tmp_path / "log.db", 5, clock=clock)
    fill(tmp_path / "log.db", 1, clock=clock)
    backlog = look(tmp_path / "log.db", Mark())
    assert [(row.run, row.emotion) for row in backlog.ended] == [(1, "angry")]
    assert [(row.run, row.emotion) for row in backlog.growing] == [(2, "angry")]


@pytest.mark.parametrize("limit", [1, 7, 500])
@pytest.mark.parametrize("seed", range(2))
def test_looks_while_the_log_grows_find_each_episode_once_in_the_order_of_ends(
    tmp_path: Path, seed: int, limit: int
) -> None:
    """Several faces that come and go, one of which never changes: a picture on the wall holds up nobody."""
    chance = random.Random(seed)
    path = tmp_path / "log.db"
    clock = Clock()
    mark = Mark()
    sent: list[EpisodeRow] = []
    with open_log(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        emotions = {track: "sad" for track in range(1, 5)}
        for second in range(200):
            for track in (2, 3, 4):
                if chance.random() < 0.2:
                    emotions[track] = chance.choice(LABELS)
            seen = [face(1, "neutral"), *(face(track, emotions[track]) for track in (2, 3, 4) if chance.random() < 0.8)]
            events.record(seen, float(second), clock.now)
            clock.go_on(1)
            if second % 10 == 0:
                found, mark = send_all(path, mark, limit)
                sent += found
    found, mark = send_all(path, mark, limit, quiet=True)
    sent += found
    assert len(sent) - len(found) > 20, "an endless episode held the others back"
    assert [row.last_observation for row in sent] == sorted(row.last_observation for row in sent)
    assert sorted(row.id for row in sent) == [id for (id,) in rows(path, "SELECT id FROM episodes ORDER BY id")]
    assert mark.episode == len(sent) + 1 and not mark.sent
    assert look(path, mark, quiet=True) == Backlog([], [], 0, mark)


def test_what_was_deleted_unsent_is_counted_and_what_was_sent_is_not(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    fill(path, 100)
    first = look(path, Mark(), limit=3)
    mark = first.mark
    for row in first.ended:
        mark = mark.after(row)
    with open_writer(path) as database:
        database.execute("DELETE FROM episodes WHERE id <= 7")
    backlog = look(path, mark, quiet=True)
    assert backlog.deleted == 4
    assert [row.id for row in backlog.ended] == [8, 9, 10]
    assert look(path, backlog.mark, quiet=True).deleted == 0, "counted once"


def test_nothing_counts_as_deleted_at_the_first_look(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    fill(path, 100)
    with open_writer(path) as database:
        database.execute("DELETE FROM episodes WHERE id <= 5")
    assert look(path, Mark()).deleted == 0


def test_an_empty_log_has_nothing(tmp_path: Path) -> None:
    open_log(tmp_path / "log.db", AT_ONCE, Clock()).close()
    backlog = look(tmp_path / "log.db", Mark())
    assert (backlog.ended, backlog.growing, backlog.deleted) == ([], [], 0)


def test_each_log_has_an_id_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    ids = []
    for name in ("a.db", "a.db", "b.db"):
        open_log(tmp_path / name, AT_ONCE, Clock()).close()
        with open_reader(tmp_path / name) as log:
            ids.append(log.log_id)
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == 8
