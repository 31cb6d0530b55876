"""Shorten or delete episodes whose rows were deleted."""

import sqlite3

from edge.events.schema import EPISODE_COLUMNS

CROSSING = """
SELECT id, run, track, emotion, first_observation, last_observation FROM episodes
WHERE first_observation <= :last AND last_observation >= :first
"""
LEFT = f"""
INSERT INTO episodes ({EPISODE_COLUMNS})
SELECT :id, :run, :track, :emotion, first.utc, last.utc, first.time_s, last.time_s, rows, round(mean_score, 4),
    peak_score, round(certain_share, 4), first_id, last_id
FROM (
    SELECT min(id) AS first_id, max(id) AS last_id, count(*) AS rows, avg(score) AS mean_score,
        max(score) AS peak_score, avg(certain) AS certain_share
    FROM observations
    WHERE id BETWEEN :start AND :end AND run = :run AND track = :track AND emotion = :emotion HAVING rows
) JOIN observations AS first ON first.id = first_id JOIN observations AS last ON last.id = last_id
"""
NEXT_ID = "SELECT coalesce(max(id), 0) + 1 FROM episodes"


def trim_episodes(database: sqlite3.Connection, first: int, last: int) -> None:
    """Bring episodes into line once the observations `first` to `last` are deleted.

    An episode of which nothing is left goes; one that is cut becomes shorter, or two.
    """
    values = {"first": first, "last": last}
    inside = "DELETE FROM episodes WHERE first_observation >= :first AND last_observation <= :last"
    database.execute(inside, values)
    for id, run, track, emotion, start, end in database.execute(CROSSING, values).fetchall():
        key = {"run": run, "track": track, "emotion": emotion}
        database.execute("DELETE FROM episodes WHERE id = ?", (id,))
        database.execute(LEFT, key | {"id": id, "start": start, "end": min(end, first - 1)})
        if end > last:
            [next_id] = database.execute(NEXT_ID).fetchone()
            database.execute(LEFT, key | {"id": next_id, "start": max(start, last + 1), "end": end})
