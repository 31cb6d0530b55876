"""Routes about before: history, episodes, health, export, forgetting."""

import csv
import io
import itertools
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from edge.commands.times import parse_time
from edge.events.forget import forget as forget_time
from edge.events.reader import open_reader
from edge.events.zone import floor, local_zone
from edge.gateway import history as histories
from edge.gateway.gateway import this_gateway

MAX_EPISODES = 1000
DEFAULT_EPISODES = 50
CHUNK_ROWS = 500
LIVE_SECONDS = 0.5  # that health waits for the daemon's word

routes = Blueprint("log", __name__)


@routes.get("/api/history")
def history() -> Response:
    since, until = _span()
    gateway = this_gateway()
    return jsonify(histories.history(gateway.log, since, until, local_zone(), gateway.labels))


@routes.get("/api/episodes")
def episodes() -> Response:
    since, until = _span()
    limit = request.args.get("limit", str(DEFAULT_EPISODES))
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= MAX_EPISODES:
        raise BadRequest(f"limit: expected 1 to {MAX_EPISODES}, found {limit[:20]!r}")
    return jsonify(histories.episodes(this_gateway().log, since, until, int(limit), local_zone()))


@routes.get("/api/health")
def health() -> Response:
    gateway = this_gateway()
    with gateway.client.watching():
        snapshot = gateway.client.settled(LIVE_SECONDS)
    return jsonify(gateway.health.report(gateway.log, snapshot))


@routes.get("/api/export.csv")
def export() -> Response:
    """The rows of a table, as `emotion-edge export` writes them, a few at a time."""
    gateway = this_gateway()
    table = request.args.get("table", "observations")
    if table not in ("observations", "episodes"):
        raise BadRequest(f"table: expected observations or episodes, found {table[:20]!r}")
    since, until = _span()
    gateway.exports.take()
    try:
        lines = _lines(gateway.log, table, since, until)
        first = next(lines)  # what cannot be read is said with a status
    except BaseException:
        gateway.exports.give_back()
        raise
    name = f"emotion-edge-{table}-{datetime.now(local_zone()):%Y%m%d-%H%M}.csv"
    response = Response(itertools.chain([first], lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.call_on_close(gateway.exports.give_back)
    return response


@routes.post("/api/forget")
def forget() -> Response:
    """Delete what was logged from `since` up to `until`; at least one of them must be given."""
    body = _body()
    if not isinstance(body, dict) or not body or not set(body) <= {"since", "until"}:
        raise BadRequest('Expected JSON with since, until or both, as in {"since": "1h"}.')
    since = _time(body["since"], "since") if "since" in body else None
    until = _time(body["until"], "until") if "until" in body else None
    done = forget_time(this_gateway().log, since, until, "the page")
    return jsonify(forgotten=done.rows, overwritten=done.overwritten, copies=[path.name for path in done.copies])


def _body() -> object:
    """The request's JSON; None for what is none."""
    try:
        return request.get_json(silent=True)
    except RecursionError:  # thousands of brackets
        return None


def _span() -> tuple[datetime | None, datetime]:
    """From when to when the query asks; everything up to now where it does not say."""
    since = _time(request.args["since"], "since") if "since" in request.args else None
    until = _time(request.args["until"], "until") if "until" in request.args else datetime.now(UTC)
    if since is not None and since >= until:
        raise BadRequest("since: expected a time before until")
    return since, until


def _time(text: object, key: str) -> datetime:
    """As `emotion-edge export --since` takes it, and "today" for the device's midnight."""
    if text == "today":
        return floor(datetime.now(UTC), timedelta(days=1), local_zone())
    if text == "now":
        return datetime.now(UTC)
    if not isinstance(text, str) or len(text) > 40:
        raise BadRequest(f"{key}: expected a time")
    try:
        return parse_time(text.replace(" ", "+"))  # "+02:00" in an address means a blank
    except ArgumentTypeError as error:
        raise BadRequest(f"{key}: {error}") from error


def _lines(path: Path, table: str, since: datetime | None, until: datetime) -> Iterator[str]:
    with open_reader(path) as log:
        rows: Iterator[Iterable[object]] = log.episodes(since, until)
        columns: tuple[str, ...] = log.episode_columns
        if table == "observations":
            rows = log.observations(since, until, log.other_labels)
            columns = (*log.observation_columns, *log.other_labels)
        yield _csv([columns])
        for chunk in iter(lambda: list(itertools.islice(rows, CHUNK_ROWS)), []):
            yield _csv(chunk)


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
