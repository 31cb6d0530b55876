"""Start the live page for `run --page`, as a process of its own: where it ends, the camera goes on."""

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from edge.daemon.readiness import Readiness

# Its 28 threads share two heaps of glibc: one each would hold 10 MB more.
HEAPS = {"MALLOC_ARENA_MAX": "2"}
END_SECONDS = 5.0  # for the page to end; then it is killed

# The child ends with this process, however this one ends (man prctl, PR_SET_PDEATHSIG is 1).
TIE = "import ctypes, signal; ctypes.CDLL(None).prctl(1, signal.SIGTERM)\n"
LAUNCH = "import sys\nfrom edge.__main__ import main\nsys.exit(main())"

logger = logging.getLogger(__name__)


class Page:
    """Runs `edge gateway` while it is open, and says where the page is."""

    def __init__(self, config: Path | None, log: Path | None = None, launch: str = LAUNCH) -> None:
        """`log` is shown instead of the one that the settings in `config` name."""
        self._options = ["--config", str(config)] if config else []
        self._log = ["--log", str(log)] if log else []
        self._launch = launch
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the page; a second call does nothing."""
        self._closing.set()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _run(self) -> None:
        """Serve until closed, and say the address once it answers."""
        address = self._address()
        if not address or self._closing.is_set():
            return
        command = self._command("run", *self._options, *self._log)
        readiness = Readiness()
        environment = os.environ | HEAPS | {"NOTIFY_SOCKET": readiness.address}
        # In a session of its own, so that Ctrl-C reaches this process alone, which ends the page in order.
        self._process = subprocess.Popen(command, env=environment, start_new_session=True)
        if readiness.wait(self._process, self._closing.is_set):
            logger.info("the page: %s", address)
        status = self._process.wait()
        if not self._closing.is_set():
            logger.error(
                "the page ended with status %d; the camera goes on, and `edge gateway` serves it again",
                status,
            )

    def _address(self) -> str:
        """With its token; empty where there can be no page, after saying why."""
        command = self._command("url", *self._options)
        told = subprocess.run(command, capture_output=True, text=True, start_new_session=True)
        if told.returncode and not self._closing.is_set():
            reason = told.stderr.strip().removeprefix("ERROR ")
            logger.error("there is no page: %s", reason or f"exit status {told.returncode}")
        return "" if told.returncode else told.stdout.split("\n")[0]

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", TIE + self._launch, "gateway", *arguments]
