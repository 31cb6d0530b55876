"""Take messages from the broker, commit them to PostgreSQL, and only then acknowledge them."""

import argparse
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from prometheus_client import Counter, start_http_server

from emotion_hub.database import Database
from emotion_hub.messages import Row, parse

logger = logging.getLogger("emotion_hub")
TOPICS = [("emotion-edge/+/events", 1), ("emotion-edge/+/availability", 1), ("emotion-edge/+/stats", 0)]
BATCH_MESSAGES = 500
BATCH_SECONDS = 0.1  # how long a batch's first message waits for others
RETRY_SECONDS = 1.0  # between two tries to reach broker or database
HELD_ROWS = 10_000  # while the database is away; the broker sends 1,000 unacknowledged events, the rest are stats
EXIT_SETTINGS = 78  # a person must act; systemd does not restart
received = Counter("emotion_hub_messages_received", "Messages that came from the broker.")
rows_stored = Counter("emotion_hub_rows_stored", "Rows committed, repeated ones too.", ["table"])
stats_dropped = Counter("emotion_hub_stats_dropped", "Stats that were not stored: broker or database was away.")


class Collector:
    """One thread: what came on a connection is acknowledged on that connection, or comes again on the next one."""

    def __init__(self, client: mqtt.Client, database: Database) -> None:
        self._client = client
        self._database = database
        self._rows: list[Row] = []
        self._unacknowledged: list[tuple[int, int]] = []
        self._due_s = 0.0
        client.on_connect = _subscribe
        client.on_subscribe = lambda *_: logger.info("connected to the broker")  # from here on nothing is missed
        client.on_message = self._take

    def run(self) -> NoReturn:
        """It may be killed at any moment: what is not committed by then stays with the broker."""
        while True:
            if self._client.loop(BATCH_SECONDS / 2) != mqtt.MQTT_ERR_SUCCESS:
                self._reconnect()
            if (self._rows or self._unacknowledged) and time.monotonic() >= self._due_s:
                self._store()

    def _take(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        received.inc()
        if not self._rows and not self._unacknowledged:
            self._due_s = time.monotonic() + BATCH_SECONDS
        if message.qos:
            self._unacknowledged.append((message.mid, message.qos))
        elif len(self._rows) >= HELD_ROWS:
            stats_dropped.inc()
            return
        row = parse(message.topic, bytes(message.payload), datetime.now(UTC))
        if row:
            self._rows.append(row)
        if len(self._rows) == BATCH_MESSAGES:
            self._due_s = 0.0

    def _store(self) -> None:
        try:
            self._database.store(self._rows)
        except psycopg.OperationalError as error:
            logger.warning("the database is away, trying again: %s", str(error).strip())
            self._due_s = time.monotonic() + RETRY_SECONDS
            return
        for table, _ in self._rows:
            rows_stored.labels(table).inc()
        for message_id, qos in self._unacknowledged:
            self._client.ack(message_id, qos)
        self._rows = []
        self._unacknowledged = []

    def _reconnect(self) -> None:
        """Events that were not acknowledged come again, and not by the ids of an older connection."""
        stats_dropped.inc(sum(table == "stats" for table, _ in self._rows))
        self._rows = []
        self._unacknowledged = []
        while True:
            try:
                self._client.reconnect()
                return
            except OSError as error:  # what TLS finds wrong, too
                logger.warning("the broker is away, trying again: %s", error)
                time.sleep(RETRY_SECONDS)


def _subscribe(client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _: object) -> None:
    if reason.is_failure:
        logger.error("the broker refuses user and password (%s); trying again", reason)
        time.sleep(RETRY_SECONDS)
    else:
        client.subscribe(TOPICS)


def main() -> int:
    args = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    # The broker keeps the session of this client. It takes the user's name for the client's, whatever stands here.
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=args.user, clean_session=False, manual_ack=True)
    collector = Collector(client, Database(args.database))
    try:
        client.username_pw_set(args.user, args.password_file.read_text().strip())
        client.tls_set(ca_certs=args.ca)
        client.connect_async(args.broker, args.port, keepalive=30)
        if args.metrics_port:
            start_http_server(args.metrics_port, addr="127.0.0.1")
        collector.run()
    except (OSError, psycopg.ProgrammingError) as error:  # a file or port; tables that nobody made
        logger.error("%s; see README.md, where files and tables are made", str(error).strip())
        return EXIT_SETTINGS


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emotion_hub", description=__doc__)
    parser.add_argument("--broker", default="localhost", help="as its certificate names it (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8883, help="of MQTT over TLS (default: %(default)s)")
    parser.add_argument("--ca", required=True, help="PEM file: the certificate that signed the broker's")
    parser.add_argument("--user", default="hub", help="of the broker (default: %(default)s)")
    parser.add_argument("--password-file", type=Path, required=True, help="one line: that user's password")
    parser.add_argument("--database", default="dbname=emotion_edge", help="as libpq takes it (default: %(default)s)")
    parser.add_argument("--metrics-port", type=int, help="of 127.0.0.1, for Prometheus (default: none)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
