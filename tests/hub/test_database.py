"""The schema: the same again changes nothing, and old rows go."""

import psycopg

from tests.hub.engines import Hub


def columns(hub: Hub) -> list[tuple]:
    return hub.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
    )


def test_the_schema_again_changes_nothing(hub: Hub) -> None:
    before = columns(hub)
    hub.apply_schema()
    assert columns(hub) == before


def test_old_rows_are_forgotten_and_young_ones_stay(hub: Hub) -> None:
    hub.execute("""
        INSERT INTO episodes (device, id, emotion, start_utc, end_utc, received_utc, utc)
        SELECT 'old', age::text, 'sad', now() - age, now() - age, now(), now() - age
        FROM unnest('{89 days, 91 days}'::interval[]) AS age""")
    hub.execute("INSERT INTO stats (device, received_utc) VALUES ('old', now() - interval '91 days'), ('old', now())")
    with psycopg.connect(hub.dsn) as connection:
        assert connection.execute("SELECT forget_older_than('90 days')").fetchone() == (2,)
    assert hub.rows("SELECT id FROM episodes WHERE device = 'old'") == [("89 days",)]
    assert hub.rows("SELECT count(*) FROM stats WHERE device = 'old'") == [(1,)]
