"""The page as a child of `run --page`; a script stands in for the gateway, the real one has tests of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.daemon.page import Page
from tests.program import environment

SAYS_AND_SERVES = """
import os, socket, sys, time
if sys.argv[2] == "url":
    print("http://localhost:8770/?token=abc")
else:
    open("pid", "w").write(str(os.getpid()))
    while os.path.exists("starting"):
        time.sleep(0.01)
    address = os.environ["NOTIFY_SOCKET"]
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"STATUS=well\\nREADY=1", chr(0) + address[1:])
    time.sleep(600)
"""
HAS_NO_FLASK = "import sys; sys.exit('ERROR the page needs flask')"
ENDS_AT_ONCE = SAYS_AND_SERVES.replace("time.sleep(600)", "sys.exit(3)")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def wait_until(happened: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.02)


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def child() -> int:
    wait_until(lambda: Path("pid").exists() and Path("pid").read_text() != "")
    return int(Path("pid").read_text())


def test_it_says_the_address_serves_and_ends_with_the_daemon(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    page = Page(None, launch=SAYS_AND_SERVES)
    page.start()
    pid = child()
    wait_until(lambda: "the page: http://localhost:8770/?token=abc" in caplog.text)
    page.close()
    page.close()
    assert not is_there(pid)
    assert "ended with" not in caplog.text


def test_the_address_is_said_when_it_answers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    Path("starting").touch()
    page = Page(None, launch=SAYS_AND_SERVES)
    page.start()
    child()
    assert "the page" not in caplog.text
    Path("starting").unlink()
    wait_until(lambda: "the page: http://localhost:8770/?token=abc" in caplog.text)
    page.close()


def test_a_page_that_is_ended_while_it_starts_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    Path("starting").touch()
    page = Page(None, launch=SAYS_AND_SERVES)
    page.start()
    pid = child()
    page.close()
    wait_until(lambda: not page._thread.is_alive())
    assert not is_there(pid)
    assert "page" not in caplog.text


@pytest.mark.parametrize(
    ("launch", "words"), [(HAS_NO_FLASK, "there is no page: the page needs flask"), (ENDS_AT_ONCE, "status 3")]
)
def test_a_page_that_cannot_be_or_dies_is_told_and_ends_nothing(
    launch: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = Page(None, launch=launch)
    page.start()
    wait_until(lambda: words in caplog.text)
    page.close()


def test_what_ends_the_group_of_the_daemon_does_not_end_the_page_before_it(caplog: pytest.LogCaptureFixture) -> None:
    """As Ctrl-C and `timeout` do: "there is no page" was said of one that was being started."""
    caplog.set_level("INFO")
    told = 'print("http://localhost:8770/?token=abc")'
    page = Page(None, launch=SAYS_AND_SERVES.replace(told, "print(os.getpgid(0), os.getpid())"))
    page.start()
    wait_until(lambda: "the page: " in caplog.text)
    page.close()
    group, own = caplog.text.partition("the page: ")[2].split()[:2]
    assert group == own


def test_a_daemon_that_is_killed_takes_its_page_along(tmp_path: Path) -> None:
    code = f"""
import time
from edge.daemon.page import Page
Page(None, launch={SAYS_AND_SERVES!r}).start()
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], env=environment()) as process:
        try:
            pid = child()
        finally:
            process.kill()
        process.wait()
    wait_until(lambda: not is_there(pid))


def test_the_settings_and_the_log_go_along() -> None:
    told = 'import json, sys; open("arguments", "a").write(json.dumps(sys.argv[1:]) + chr(10)); print("http://x")'
    page = Page(Path("a b.toml"), Path("c d.db"), told)
    page.start()
    wait_until(lambda: not page._thread.is_alive())
    assert [json.loads(line) for line in Path("arguments").read_text().splitlines()] == [
        ["gateway", "url", "--config", "a b.toml"],
        ["gateway", "run", "--config", "a b.toml", "--log", "c d.db"],
    ]
