"""Download YuNet's official model file, and keep it only if its sha256 is the expected one."""

import hashlib
import http.client
import urllib.error
import urllib.request
from pathlib import Path

from edge.errors import EdgeError, ModelError

YUNET_URL = (
    "https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/face_detection_yunet_2023mar.onnx"
)
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
MAX_BYTES = 10_000_000  # forty times the file: a wrong page is not read to its end
TIMEOUT_SECONDS = 30.0


def fetch(url: str, sha256: str, target: Path) -> None:
    """Download `url` to `target`; raises EdgeError without network, ModelError for any other content."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            content = response.read(MAX_BYTES)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        raise EdgeError(f"{url}: cannot be fetched ({error})", f"try again, or copy the file to {target}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{url}: expected sha256 {sha256}, found {found}; nothing was saved",
            "try again; behind a proxy, fetch the file by hand",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    try:
        part.write_bytes(content)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
