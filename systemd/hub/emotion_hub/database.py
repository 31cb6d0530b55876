"""Store rows in one transaction; a row that PostgreSQL refuses goes to `rejected`, and is in nobody's way."""

import psycopg
from msgspec import json

from emotion_hub.messages import Row, reject

CONFLICT = {
    "episodes": "DO NOTHING",
    "stats": "DO NOTHING",
    "devices": """(name) DO UPDATE SET online = excluded.online, since_utc = excluded.since_utc
        WHERE devices.online <> excluded.online""",
    "rejected": """(topic) DO UPDATE SET messages = rejected.messages + 1, reason = excluded.reason,
        payload = excluded.payload, last_utc = excluded.last_utc""",
}


class Database:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.Connection | None = None

    def store(self, rows: list[Row]) -> None:
        """Commit. Raises psycopg.OperationalError where the database is away: the same again later."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=5)
        try:
            self._store(self._connection, rows)
        except psycopg.OperationalError:
            self._connection.close()
            raise

    def _store(self, connection: psycopg.Connection, rows: list[Row]) -> None:
        try:
            with connection.transaction(), connection.cursor() as cursor:
                for table, conflict in CONFLICT.items():
                    insert = f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s) ON CONFLICT "
                    texts = [[json.encode(values).decode()] for name, values in rows if name == table]
                    cursor.executemany(insert + conflict, texts)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            half = len(rows) // 2
            if half:
                self._store(connection, rows[:half])
                self._store(connection, rows[half:])
            else:
                table, values = rows[0]
                topic = f"emotion-edge/{values['device']}/{table}"
                self._store(connection, [reject(topic, error, json.encode(values), values["received_utc"])])
