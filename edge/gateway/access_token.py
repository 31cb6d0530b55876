"""The token that opens the page: a file that only its owner may read, and cookies that follow from it."""

import hmac
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from edge.daemon.command import command_name
from edge.errors import SettingsError

TOKEN_BYTES = 32
SHORTEST_TOKEN = 32  # characters; a token of ours has 43
COOKIE_SECONDS = 30 * 24 * 3600


class AccessToken:
    """The token in the file `path`, made on first use; a new file replaces it at once, also in a running gateway."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
        steady_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._clock = clock
        self._steady_clock = steady_clock
        self._maker = secrets.token_hex(8)
        """names this process in its cookies: the steady clock tells the age of those alone"""
        self._stamp: tuple[int, int] | None = None
        self._value = ""

    def value(self) -> str:
        """The token; raises SettingsError where its file is spoiled, OSError where it cannot be read or made."""
        if not self.path.exists():
            self._make()
        status = self.path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._value = _read(self.path)
            self._stamp = stamp
        return self._value

    def renew(self) -> None:
        """Write a new token; links and cookies made with the old one no longer open the page."""
        self._draft().replace(self.path)

    def _make(self) -> None:
        """Write the first token, unless another process just did."""
        draft = self._draft()
        with suppress(FileExistsError):
            self.path.hardlink_to(draft)
        draft.unlink()

    def _draft(self) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.{threading.get_ident()}")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(secrets.token_urlsafe(TOKEN_BYTES) + "\n", encoding="ascii")
        return draft

    def matches(self, text: str) -> bool:
        """Whether `text` is the token, compared in constant time."""
        return hmac.compare_digest(text.encode(errors="replace"), self.value().encode())

    def cookie(self) -> str:
        """A cookie's value: when it was made, and a signature by the token, which it does not give away."""
        made = f"{int(self._clock())}.{int(self._steady_clock())}.{self._maker}"
        return f"{made}.{self._signature(made)}"

    def accepts(self, cookie: str) -> bool:
        """Whether `cookie` was made with today's token, and not too long ago."""
        made, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(errors="replace"), self._signature(made).encode()):
            return False
        return self._age_seconds(made) <= COOKIE_SECONDS

    def _age_seconds(self, made: str) -> float:
        """By the steady clock where that can tell: the wall clock of a Pi is set by months when its network comes."""
        wall_s, steady_s, maker = made.split(".")
        if maker == self._maker:
            return self._steady_clock() - int(steady_s)
        return self._clock() - int(wall_s)

    def _signature(self, made: str) -> str:
        message = f"emotion-edge session {made}".encode(errors="replace")
        return hmac.new(self.value().encode(), message, sha256).hexdigest()


def _read(path: Path) -> str:
    try:
        value = path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError as error:
        raise _spoiled(path) from error
    if len(value) < SHORTEST_TOKEN or not value.isprintable():
        raise _spoiled(path)
    return value


def _spoiled(path: Path) -> SettingsError:
    found = f"{path}: expected a token of at least {SHORTEST_TOKEN} letters"
    return SettingsError(found, f"`{command_name()} gateway token --new` writes a fresh one")
