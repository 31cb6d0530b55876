"""Nobody enters without the token, under a foreign name, or from another site's page."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from edge.errors import SettingsError
from edge.gateway.access_token import AccessToken
from edge.gateway.hosts import is_allowed, is_loopback, own_names
from edge.gateway.security import OPEN_ENDPOINTS
from tests.fakes import gateway
from tests.fakes.eventlog import Clock
from tests.fakes.gateway import HERE, Rig

WRONG_TOKENS = ["", "x", "x" * 43, "x" * 10_000, "ä\u20ac", "%00", "null", "../../etc/passwd"]


def client(rig: Rig) -> FlaskClient:
    return rig.app.test_client()


def test_every_route_but_three_asks_for_the_token(rig: Rig) -> None:
    asked = set()
    for rule in rig.app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        for method in methods:
            path = rule.rule.replace("<path:filename>", "page.css")
            answer = client(rig).open(path, method=method, headers=HERE)
            if rule.endpoint in OPEN_ENDPOINTS:
                assert answer.status_code == 200, rule
            else:
                assert answer.status_code == 401, (rule, method)
                asked.add(rule.endpoint)
    assert len(asked) >= 11
    assert {"alive", "notice", "static"} == OPEN_ENDPOINTS


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/api/now", "/api/pause", "/nothing", "/static/../app.py", "/static/%2e%2e/app.py"])
def test_no_method_is_a_way_round(rig: Rig, method: str, path: str) -> None:
    answer = client(rig).open(path, method=method)
    asks_static = method == "OPTIONS" and path.startswith("/static")  # Flask answers with the methods, and nothing else
    assert answer.status_code in (401, 404) or (asks_static and not answer.data)


def test_static_files_do_not_lead_elsewhere(rig: Rig) -> None:
    for path in ("../app.py", "%2e%2e/app.py", "..%2fapp.py", "js/../../app.py"):
        answer = rig.browser().get(f"/static/{path}")
        assert answer.status_code == 404, path


@pytest.mark.parametrize("token", WRONG_TOKENS)
def test_a_wrong_token_opens_nothing(rig: Rig, token: str) -> None:
    assert client(rig).get("/", query_string={"token": token}).status_code == 401
    assert client(rig).get("/api/now", headers={"Authorization": "Bearer x"}).status_code in (401, 429)


def test_the_link_leads_to_a_cookie_and_away_from_the_token(rig: Rig) -> None:
    browser = client(rig)
    answer = browser.get(f"/?token={rig.token}&a=b")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?a=b")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("emotion_edge_8770=")
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"))
    assert "Secure" not in cookie and rig.token not in cookie
    assert browser.get("/").status_code == 200


def test_the_cookie_is_secure_behind_https(rig: Rig) -> None:
    answer = client(rig).get(f"/?token={rig.token}", base_url="https://localhost")
    assert "; Secure;" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%2f/evil.example"])
def test_the_link_leads_nowhere_else(rig: Rig, path: str) -> None:
    answer = client(rig).get(f"{path}?token={rig.token}")
    assert answer.headers.get("Location", "/") in ("/", f"/evil.example/?token={rig.token}")


def test_bearer_and_basic_open_the_api(rig: Rig) -> None:
    assert client(rig).get("/api/now", headers=rig.bearer).status_code == 200
    assert client(rig).get("/api/now", auth=("anybody", rig.token)).status_code == 200


def test_a_new_token_ends_links_and_sessions(rig: Rig) -> None:
    browser = rig.browser()
    old = rig.token
    rig.gateway.token.renew()
    assert rig.token != old
    assert browser.get("/").status_code == 401
    assert client(rig).get(f"/?token={old}").status_code == 401


@pytest.mark.parametrize("cookie", ["", "1", "1.", ".x", "99999999999.abc", "x.y", "1795839000." + "0" * 64])
def test_a_made_up_cookie_opens_nothing(rig: Rig, cookie: str) -> None:
    browser = client(rig)
    browser.set_cookie("emotion_edge_8770", cookie)
    assert browser.get("/").status_code == 401


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8770", "127.0.0.1", "192.168.1.9:8770", "[::1]:8770", "hall.example.org"]
)
def test_own_names_are_answered(tmp_path: Path, host: str) -> None:
    with gateway.rig(tmp_path, {"web": {"hosts": ["hall.example.org"]}}) as rig:
        assert client(rig).get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b", "[::1", "user@localhost"]
)
@pytest.mark.parametrize("path", ["/healthz", "/", "/api/now", "/static/page.css"])
def test_foreign_names_are_refused_before_anything(rig: Rig, host: str, path: str) -> None:
    answer = client(rig).get(path, headers={**rig.bearer, "Host": host})
    assert answer.status_code == 403


def test_host_names_know_no_case_and_no_last_dot() -> None:
    assert is_allowed("LOCALHOST.:8770", own_names())
    assert is_allowed("hall.LOCAL", frozenset({"hall.local"}))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (HERE, 409),  # passes, and finds no daemon
        ({"Origin": "http://localhost"}, 403),
        ({"X-Emotion-Edge": "1"}, 403),
        ({**HERE, "Origin": "http://evil.example"}, 403),
        ({**HERE, "Origin": "null"}, 403),
        ({**HERE, "Origin": "http://localhost.evil.example"}, 403),
        ({**HERE, "Origin": "http://localhost:1"}, 403),
        ({**HERE, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**HERE, "Sec-Fetch-Site": "same-site"}, 403),
        ({**HERE, "Sec-Fetch-Site": "same-origin"}, 409),
    ],
)
def test_another_sites_page_cannot_pause(rig: Rig, headers: dict[str, str], status: int) -> None:
    assert rig.browser().post("/api/pause", headers=headers).status_code == status


def test_a_remembered_password_is_no_way_round(rig: Rig) -> None:
    answer = client(rig).post("/api/pause", auth=("x", rig.token), headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert client(rig).post("/api/pause", auth=("x", rig.token)).status_code == 403


def test_a_program_with_the_token_needs_no_origin(rig: Rig) -> None:
    assert client(rig).post("/api/pause", headers=rig.bearer).status_code == 409


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limited(tmp_path: Path, clock: Clock) -> Iterator[Rig]:
    with gateway.rig(tmp_path, clock=clock) as rig:
        yield rig


def attempt(rig: Rig, token: str, address: str = "192.0.2.7") -> tuple[int, int]:
    answer = client(rig).get(
        "/api/now", headers={"Authorization": f"Bearer {token}"}, environ_base={"REMOTE_ADDR": address}
    )
    return answer.status_code, int(answer.headers.get("Retry-After", 0))


def test_wrong_tokens_are_limited_by_second_minute_and_hour(limited: Rig, clock: Clock) -> None:
    assert attempt(limited, "wrong") == (401, 0)
    assert attempt(limited, "wrong") == (429, 1)
    for _ in range(4):
        clock.go_on(1.5)
        assert attempt(limited, "wrong") == (401, 0)
    clock.go_on(1.5)
    status, wait_seconds = attempt(limited, "wrong")
    assert status == 429 and 50 <= wait_seconds <= 60
    for _ in range(15):
        clock.go_on(61)
        assert attempt(limited, "wrong") == (401, 0)
    clock.go_on(61)
    status, wait_seconds = attempt(limited, "wrong")
    assert status == 429 and 2000 <= wait_seconds <= 3600


def test_the_right_token_never_waits(limited: Rig) -> None:
    """A scraper with last year's token must not lock out the one beside it that has the new one."""
    for _ in range(30):
        attempt(limited, "wrong")
        assert attempt(limited, limited.token) == (200, 0)
    assert attempt(limited, "wrong")[0] == 429
    assert limited.app.test_client().get(f"/?token={limited.token}").status_code == 303


def test_others_do_not_wait_and_sessions_go_on(limited: Rig) -> None:
    browser = limited.browser()
    attempt(limited, "wrong", "127.0.0.1")
    assert attempt(limited, limited.token, "192.0.2.8") == (200, 0)
    assert browser.get("/").status_code == 200


def test_many_addresses_do_not_fill_the_memory(limited: Rig) -> None:
    from edge.gateway.attempts import MAX_ADDRESSES, FailedAttempts

    attempts = FailedAttempts()
    for number in range(2 * MAX_ADDRESSES):
        attempts.add(f"address {number}")
    assert len(vars(attempts)["_failures"]) == MAX_ADDRESSES


def test_every_answer_carries_the_headers(rig: Rig) -> None:
    for path in ("/", "/healthz", "/notice", "/static/page.css", "/nothing", "/api/now"):
        for answer in (client(rig).get(path), rig.browser().get(path), client(rig).get(path, headers={"Host": "e.e"})):
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] in ("no-store", "no-cache")
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_only_static_files_are_kept_by_the_browser(rig: Rig) -> None:
    assert client(rig).get("/static/page.css").headers["Cache-Control"] == "no-cache"
    for path in ("/", "/api/now"):
        assert rig.browser().get(path).headers["Cache-Control"] == "no-store"


def test_the_page_holds_no_inline_style_or_script(rig: Rig) -> None:
    for page in (rig.browser().get("/").text, client(rig).get("/notice").text, _door(rig)):
        assert "style=" not in page and "<style" not in page
        assert "onclick" not in page and "javascript:" not in page
        scripts = [part.split(">")[0] for part in page.split("<script")[1:]]
        assert all("src=" in script or "application/json" in script for script in scripts)


def _door(rig: Rig) -> str:
    return client(rig).get("/", headers={"Accept": "text/html"}).text


def test_names_from_the_settings_are_text(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script><b onload=x>"
    tables = {"device": {"name": evil}, "notice": {"operator": evil, "contact": evil, "purpose": evil}}
    with gateway.rig(tmp_path, tables) as rig:
        for page in (rig.browser().get("/").text, client(rig).get("/notice").text):
            assert evil not in page and "<b onload" not in page and "<script>alert" not in page


def test_an_unexpected_error_tells_nothing(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    answer = rig.browser().get("/broken")
    assert answer.status_code == 500
    assert "division" not in answer.text and "Traceback" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_a_large_body_is_refused(rig: Rig) -> None:
    answer = client(rig).post("/api/forget", headers=rig.bearer, data=b"x" * 100_000, content_type="application/json")
    assert answer.status_code in (400, 413)


def test_the_token_file_is_the_owners_alone(rig: Rig) -> None:
    assert len(rig.token) == 43
    assert rig.gateway.token.path.stat().st_mode & 0o777 == 0o600


def test_processes_that_start_together_agree_on_the_first_token(tmp_path: Path) -> None:
    tokens = [AccessToken(tmp_path / "web-token") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(AccessToken.value, tokens))
    assert len(set(values)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["web-token"]


def test_a_spoiled_token_file_is_no_open_door(tmp_path: Path) -> None:
    for content in (b"", b"short", b"\xff" * 50):
        (tmp_path / "web-token").write_bytes(content)
        with pytest.raises(SettingsError, match="gateway token --new"):
            AccessToken(tmp_path / "web-token").value()


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.168.0.2", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback(address: str | None, loopback: bool) -> None:
    assert is_loopback(address) == loopback
