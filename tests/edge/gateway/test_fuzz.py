"""Whatever is asked of the API: an answer of ours, and never a server error.

FUZZ_REQUESTS=10000 .venv-edge/bin/python -m pytest tests/edge/gateway/test_fuzz.py    (some minutes)
"""

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.gateway import live_api
from tests.fakes import eventlog, gateway
from tests.fakes.gateway import Rig
from tests.fakes.live import FakeDaemon

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "550"))
GET_PATHS = ["/", "/api/now", "/api/history", "/api/episodes", "/api/health", "/api/export.csv", "/api/frame.jpg"]
GET_PATHS += ["/metrics", "/healthz", "/notice"]
POST_PATHS = ["/api/pause", "/api/resume", "/api/forget"]
HERE = "http://localhost"  # else the client takes //x for a host
KEYS = ["since", "until", "limit", "table", "boxes", "token", "x"]
TIMES = [
    "1h",
    "24h",
    "today",
    "now",
    "2026-11-28",
    "2026-11-28T00:00Z",
    "9999-12-31T23:59",
    "0001-01-01",
    "99999w",
    "1e9",
]
VALUES = st.sampled_from([*TIMES, "0", "1", "50", "-1", "observations", "episodes"]) | st.text(max_size=60)
HEADERS = [
    "Accept",
    "Accept-Language",
    "Cookie",
    "Authorization",
    "Range",
    "If-None-Match",
    "X-Forwarded-For",
    "Origin",
]
HEADER_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
BODIES = (
    st.binary(max_size=200)
    | st.lists(st.none() | st.integers() | st.text(max_size=20), max_size=5).map(lambda value: repr(value).encode())
    | st.dictionaries(st.sampled_from(["since", "until", "x"]), VALUES, max_size=3).map(
        lambda body: str(body).replace("'", '"').encode()
    )
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_api, "LIVE_SECONDS", 0.01)
        patch.setattr(live_api, "FRAME_SECONDS", 0.01)
        folder: Path = tmp_path_factory.mktemp("fuzz")
        hours = itertools.count(step=4000.0)  # so that wrong tokens keep nobody out
        with gateway.rig(folder, clock=lambda: next(hours)) as rig, FakeDaemon(rig.socket):
            start = datetime.now(UTC) - timedelta(seconds=60)
            eventlog.fill(rig.gateway.log, 60, clock=eventlog.Clock(now=start))
            yield rig


@settings(max_examples=REQUESTS * 6 // 10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from(GET_PATHS) | st.text(max_size=40).map(lambda text: f"/{quote(text)}"),
    query=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
    headers=st.dictionaries(st.sampled_from(HEADERS), HEADER_VALUES, max_size=3),
    known=st.booleans(),
)
def test_questions(rig: Rig, path: str, query: dict[str, str], headers: dict[str, str], known: bool) -> None:
    sent = headers | (rig.bearer if known else {})
    answer = rig.app.test_client().get(path, base_url=HERE, query_string=query, headers=sent)
    assert answer.status_code < 500, answer.text


@settings(max_examples=REQUESTS * 3 // 10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from(POST_PATHS),
    body=BODIES,
    kind=st.sampled_from(["application/json", "text/plain", "multipart/form-data; boundary=x", "", "x" * 300]),
    known=st.booleans(),
)
def test_orders(rig: Rig, path: str, body: bytes, kind: str, known: bool) -> None:
    answer = rig.app.test_client().post(path, data=body, headers=rig.bearer if known else {}, content_type=kind)
    assert answer.status_code < 500, answer.text


@settings(max_examples=REQUESTS // 10, deadline=None)
@given(
    method=st.sampled_from(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "X"]),
    path=st.sampled_from(GET_PATHS),
)
def test_other_methods(rig: Rig, method: str, path: str) -> None:
    assert rig.app.test_client().open(path, method=method, headers=rig.bearer).status_code in (401, 404, 405)
