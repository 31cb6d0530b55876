"""A hub as systemd/hub configures it, in a folder of its own: mosquitto with TLS, PostgreSQL, the collector."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from edge.settings import PROJECT
from tests.hub.processes import Process, run, unprivileged

HUB = PROJECT / "systemd" / "hub"
FORGERS = ["first-forger", "second-forger", "third-forger"]  # users who try what the access list forbids
ENGINES = ("mosquitto", "mosquitto_passwd", "openssl", "initdb", "postgres", "psql")
PATIENCE_SECONDS = 60.0
OWNER = "emotion-hub"  # of the database; as on a real hub it may nothing else
DEBIAN_MAIN = "persistence true\npersistence_location {folder}/\nlog_dest stderr\ninclude_dir {folder}/conf.d\n"
POSTGRES_OPTIONS = ("listen_addresses=", "track_commit_timestamp=on", "unix_socket_permissions=0777")


class Hub:
    """Made with users for `devices`; `start` begins all, `close` ends all and removes the folder.

    With `home_assistant` the broker lets it and the devices find each other, as README.md says.
    """

    def __init__(self, devices: list[str], home_assistant: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hub-"))  # not below pytest's own, which only its owner may enter
        self.port = free_port()
        self.metrics_port = free_port()
        self.ca = self.folder / "ca.crt"
        self.dsn = f"host={self.folder} dbname=emotion_edge user={OWNER}"
        self._make_certificates()
        self._configure_broker([*devices, "hub", "viewer", "homeassistant"], home_assistant)
        self._give_away()
        self.broker = Process(["mosquitto", "-c", f"{self.folder}/mosquitto.conf"], self.folder / "broker.log")
        self.database = self._make_database()
        self.collector = Process(self.collector_command(), self.folder / "collector.log", collector_environment())

    def _make_certificates(self) -> None:
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        at = str(self.folder)
        openssl(
            "req", "-x509", *key, "-keyout", f"{at}/ca.key", "-out", f"{at}/ca.crt", "-subj", "/CN=hub's own authority"
        )
        openssl("req", *key[:-2], "-keyout", f"{at}/hub.key", "-out", f"{at}/hub.csr", "-subj", "/CN=localhost")
        (self.folder / "san").write_text("subjectAltName=DNS:localhost")
        sign = [
            "-CA",
            f"{at}/ca.crt",
            "-CAkey",
            f"{at}/ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            f"{at}/san",
        ]
        openssl("x509", "-req", "-in", f"{at}/hub.csr", *sign, "-out", f"{at}/hub.crt")

    def _configure_broker(self, users: list[str], home_assistant: bool) -> None:
        lines = [f"{user}:{password_of(user)}\n" for user in users]
        (self.folder / "passwd").write_text("".join(lines))
        run_as_self("mosquitto_passwd", "-U", f"{self.folder}/passwd")
        acl = (HUB / "mosquitto/acl").read_text()
        (self.folder / "acl").write_text(re.sub(r"^#(?=\w)", "", acl, flags=re.MULTILINE) if home_assistant else acl)
        shipped = (HUB / "mosquitto/emotion-edge.conf").read_text()
        moved = shipped.replace("/etc/mosquitto/certs", str(self.folder)).replace("/etc/mosquitto", str(self.folder))
        (self.folder / "conf.d").mkdir()
        (self.folder / "conf.d/emotion-edge.conf").write_text(
            moved.replace("listener 8883", f"listener {self.port} 127.0.0.1")
        )
        (self.folder / "mosquitto.conf").write_text(DEBIAN_MAIN.format(folder=self.folder))
        (self.folder / "password").write_text(password_of("hub"))

    def _give_away(self) -> None:
        ids = unprivileged()
        if ids:
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, ids["user"], ids["group"])
        self.folder.chmod(0o755)

    def _make_database(self) -> Process:
        data = self.folder / "database"
        run("initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--no-sync")
        options = [part for option in POSTGRES_OPTIONS for part in ("-c", option)]
        command = ["postgres", "-D", str(data), "-k", str(self.folder), *options]
        return Process(command, self.folder / "database.log")

    def collector_command(self) -> list[str]:
        place = ["--port", str(self.port), "--ca", str(self.ca), "--password-file", f"{self.folder}/password"]
        return [
            sys.executable,
            "-m",
            "emotion_hub",
            *place,
            "--database",
            self.dsn,
            "--metrics-port",
            str(self.metrics_port),
        ]

    def start(self) -> None:
        self.database.start()
        self.broker.start()
        self.install_schema()
        self.wait_for_broker()
        self.collector.start()
        wait_until(lambda: "connected to the broker" in self.collector.log(), "the collector's connection")

    def install_schema(self) -> None:
        everything = f"host={self.folder} dbname=postgres user=postgres"
        wait_until(lambda: can_connect(everything), "the database")
        with psycopg.connect(everything, autocommit=True) as connection:
            connection.execute(f'CREATE ROLE "{OWNER}" LOGIN')
            connection.execute(f'CREATE DATABASE emotion_edge OWNER "{OWNER}"')
            connection.execute("CREATE ROLE grafana LOGIN")
        self.apply_schema()

    def apply_schema(self) -> None:
        schema = (HUB / "postgresql/schema.sql").read_text()
        run("psql", "--no-psqlrc", "--quiet", "--dbname", self.dsn, "--file", "-", stdin=schema)

    def wait_for_broker(self) -> None:
        wait_until(lambda: answers(self.port), "the broker")

    def restart_broker(self) -> None:
        self.broker.end()
        self.broker.start()
        self.wait_for_broker()

    def crash_database(self) -> None:
        """SIGQUIT: it stops at once, without a checkpoint, as in a power cut."""
        self.database.end(signal.SIGQUIT)

    def start_database(self) -> None:
        self.database.start()
        wait_until(lambda: can_connect(self.dsn), "the database")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.dsn) as connection:
            connection.execute(statement)

    def rows(self, query: str) -> list[tuple]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query).fetchall()

    def close(self) -> None:
        for process in (self.collector, self.broker, self.database):
            process.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def make_client(hub: Hub, user: str, **options: object) -> mqtt.Client:
    """A client that is not connected yet, with this user's password, which trusts the hub's authority."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=user, **options)
    client.username_pw_set(user, password_of(user))
    client.tls_set(ca_certs=str(hub.ca))
    return client


def collector_environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(HUB), "PYTHONDONTWRITEBYTECODE": "1"}


def password_of(user: str) -> str:
    return f"word-of-{user}"


def openssl(*arguments: str) -> None:
    run_as_self("openssl", *arguments)


def run_as_self(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def can_connect(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def wait_until(condition, what: str) -> None:
    """Look often until `condition()`; raises AssertionError where it does not come true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE_SECONDS:.0f} s: {what}"
        time.sleep(0.05)
