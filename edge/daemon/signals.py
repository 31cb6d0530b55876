"""Note every signal from the first moment of `run` to its last, in the order in which they came.

Only the lightest modules are imported here (`typing` alone takes 10 ms): until `listen` has been called, a signal ends
the process.
"""

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import NoReturn

PAUSE_SIGNAL = signal.SIGUSR1
RESUME_SIGNAL = signal.SIGUSR2
PAUSE_SIGNALS = frozenset({PAUSE_SIGNAL, RESUME_SIGNAL})

# What the kernel sends for a fault of the program itself: a crash stays a crash.
FAULTS = {"SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP"}
# What nobody can catch, what ends no process, and what Python turns into an error where it matters (EPIPE, EFBIG).
HARMLESS = {
    "SIGKILL",
    "SIGSTOP",
    "SIGCHLD",
    "SIGCONT",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGWINCH",
}
BECOME_ERRORS = {"SIGPIPE", "SIGXFSZ"}


def stop_signals() -> list[int]:
    """Every signal that would end the process, and that it can catch instead."""
    left_out = {getattr(signal, name) for name in FAULTS | HARMLESS | BECOME_ERRORS} | PAUSE_SIGNALS
    return sorted(set(signal.valid_signals()) - left_out)


class Signals:
    """What the signals that came so far ask for.

    The kernel hands each one to C code that writes its number into a pipe at once; Python looks into the pipe later. So
    their order is kept, however long an import or a camera's driver takes.
    """

    def __init__(self) -> None:
        self._came: int | None = None
        self._pause: bool | None = None
        self._keep_pause: Callable[[bool], None] | None = None
        self._taking = False
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    @property
    def stop_came(self) -> bool:
        """Whether to end in good order."""
        return self._came is not None

    @property
    def stop_name(self) -> str:
        """The signal that asked to end, as in "SIGTERM"; empty before."""
        return "" if self._came is None else _name(self._came)

    def listen(self) -> None:
        """Take over from the kernel's defaults; to be called by the main thread, before anything that takes time."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in stop_signals():
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup asks to outlive a logout
                signal.signal(number, self._note)
        for number in PAUSE_SIGNALS:
            signal.signal(number, self._note)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # a job in the background may write to the terminal
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PAUSE_SIGNALS | set(stop_signals()))  # held back until here, maybe

    def keep_pause(self, keep: "Callable[[bool], None]") -> None:
        """Call `keep` with True for each pause and with False for each resume, also for the one that came before."""
        self._keep_pause = keep
        self.take()
        self._apply()

    def take(self) -> None:
        """Act on what lies in the pipe. A signal that comes meanwhile leaves its number to the call that is at work."""
        if self._taking:
            return
        self._taking = True
        try:
            while numbers := self._read():
                for number in numbers:
                    self._take_one(number)
                self._apply()
        finally:
            self._taking = False

    def end(self, status: int) -> "NoReturn":
        """End the process at once, after what came until the last moment.

        Without the interpreter's own end, which would give the signals back to the kernel for some milliseconds.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, PAUSE_SIGNALS)
        while late := signal.sigtimedwait(PAUSE_SIGNALS, 0):
            self._take_one(late.si_signo)
        self.take()
        self._apply()
        os._exit(status)

    def _note(self, number: int, frame: "FrameType | None") -> None:
        self.take()

    def _read(self) -> bytes:
        try:
            return os.read(self._reader, 4096)
        except BlockingIOError:
            return b""

    def _take_one(self, number: int) -> None:
        if number in PAUSE_SIGNALS:
            self._pause = number == PAUSE_SIGNAL
        elif self._came is None:
            self._came = number

    def _apply(self) -> None:
        if self._keep_pause and self._pause is not None:
            pause = self._pause
            self._pause = None
            self._keep_pause(pause)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
