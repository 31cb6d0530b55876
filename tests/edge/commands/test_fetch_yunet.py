import hashlib
import resource
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge.commands.fetch_yunet import fetch
from edge.errors import EdgeError, ModelError

CONTENT = b"onnx" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/noise":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            return
        self.send_response(200 if self.path == "/model" else 404)
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_the_right_file_is_kept(server: str, tmp_path: Path) -> None:
    fetch(f"{server}/model", SHA256, tmp_path / "new" / "yunet.onnx")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["yunet.onnx"]
    assert (tmp_path / "new" / "yunet.onnx").read_bytes() == CONTENT


def test_any_other_file_is_refused_and_an_earlier_one_stays(server: str, tmp_path: Path) -> None:
    target = tmp_path / "yunet.onnx"
    target.write_bytes(b"earlier")
    with pytest.raises(ModelError, match="expected sha256"):
        fetch(f"{server}/model", "0" * 64, target)
    assert target.read_bytes() == b"earlier"


@pytest.mark.parametrize("url", ["{server}/other", "{server}/noise", "http://127.0.0.1:9/model"])
def test_no_answer_says_what_to_do(url: str, server: str, tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match="cannot be fetched") as caught:
        fetch(url.format(server=server), SHA256, tmp_path / "yunet.onnx")
    assert caught.value.exit_code == 1
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_leaves_nothing_behind(server: str, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError):
            fetch(f"{server}/model", SHA256, tmp_path / "yunet.onnx")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())
