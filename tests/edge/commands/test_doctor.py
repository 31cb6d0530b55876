"""Each check over a machine made of files and prepared answers, and the real program on this one."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge import settings
from edge.cameras import DEMO
from edge.commands import doctor
from edge.commands.doctor import camera, model, storage, system
from edge.commands.doctor.findings import Answer, Finding, Machine, ask, ok, problem, warning
from edge.settings import DEFAULT_MODEL, PROJECT
from tests.program import Program

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def answering(**answers: Answer) -> Callable[[Sequence[str]], Answer | None]:
    """Commands by the name of their program; the others are not installed."""
    return lambda command: answers.get(command[0])


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str], None]:
    def put(path: str, text: str = "") -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    return put


def plug_in_usb(root: Path, number: int) -> None:
    """/sys as the kernel lays it out: the node's `device` leads to its place on the bus."""
    device = root / "sys/devices/platform/usb1/1-1"
    device.mkdir(parents=True, exist_ok=True)
    node = root / f"sys/class/video4linux/video{number}"
    node.mkdir(parents=True)
    (node / "device").symlink_to(device)
    (root / "dev").mkdir(exist_ok=True)
    (root / f"dev/video{number}").touch()


PI_CAMERA = Answer(0, "0 imx708\n1 imx708_wide")
NO_PI_CAMERA = Answer(0, "")
NO_PICAMERA2 = Answer(1, "", "Traceback ...\nModuleNotFoundError: No module named 'picamera2'")
BROKEN_PICAMERA2 = Answer(1, "", "ValueError: numpy.dtype size changed")


@pytest.mark.parametrize(
    ("source", "answer", "usb", "level", "words", "exit_code"),
    [
        ("auto", PI_CAMERA, None, "ok", "Pi camera imx708, imx708_wide", 0),
        ("picamera:1", PI_CAMERA, None, "ok", "Pi camera imx708_wide", 0),
        ("picamera:imx708", PI_CAMERA, None, "ok", "Pi camera imx708", 0),
        (
            "picamera:7",
            PI_CAMERA,
            2,
            "problem",
            "picamera:7 is not there; there are picamera:0 (imx708), picamera:1",
            1,
        ),
        ("picamera", Answer(-6, ""), None, "problem", "picamera2 cannot be loaded (Python was ended by SIGABRT)", 1),
        ("auto", NO_PI_CAMERA, 2, "ok", "USB camera /dev/video2", 0),
        ("auto", NO_PICAMERA2, None, "warning", "picamera2 is not installed", 0),
        ("camera", BROKEN_PICAMERA2, None, "problem", "cannot be loaded (ValueError: numpy.dtype size changed)", 1),
        ("camera", NO_PI_CAMERA, None, "problem", "no Pi camera found by libcamera; no USB camera", 1),
        ("picamera", NO_PI_CAMERA, 0, "problem", "no Pi camera found by libcamera", 1),
        ("picamera", Answer(124, "", "no answer within 20 s"), None, "problem", "no answer within 20 s", 1),
        ("usb:2", PI_CAMERA, 2, "ok", "USB camera /dev/video2", 0),
        ("usb:3", PI_CAMERA, 2, "problem", "/dev/video3 is not there", 1),
        ("usb:x", PI_CAMERA, 2, "problem", "is not there", 1),
        ("/dev/video2", PI_CAMERA, 2, "ok", "USB camera /dev/video2", 0),
        ("usb:/dev/video3", PI_CAMERA, 2, "problem", "/dev/video3 is not there", 1),
    ],
)
def test_camera_is_the_one_that_run_would_open(
    tmp_path: Path, source: str, answer: Answer, usb: int | None, level: str, words: str, exit_code: int
) -> None:
    if usb is not None:
        plug_in_usb(tmp_path, usb)
    found = camera.camera(source, Machine(tmp_path, lambda command: answer))
    assert (found.level, found.exit_code) == (level, exit_code)
    assert words in found.found


@pytest.mark.parametrize(("source", "level"), [("auto", "warning"), ("camera", "problem")])
def test_camera_nodes_that_may_not_be_opened_are_named_with_their_group(
    tmp_path: Path, source: str, level: str
) -> None:
    plug_in_usb(tmp_path, 0)
    (tmp_path / "dev/media0").touch()
    assert [found.level for found in camera.devices(source, Machine(tmp_path))] == ["ok"]
    closed = Machine(tmp_path, may_open=lambda path: path.name != "media0")
    [found] = camera.devices(source, closed)
    assert found.level == level
    assert "may not open /dev/media0" in found.found
    assert f"usermod -aG {(tmp_path / 'dev/media0').group()} " in found.remedy


@pytest.mark.parametrize(("scheme", "level"), [("rtsp", "ok"), ("HTTP", "ok"), ("rtmp", "problem")])
def test_a_stream_is_judged_by_its_kind(scheme: str, level: str, tmp_path: Path) -> None:
    [found] = camera.check(
        settings.CameraSettings(source=f"{scheme}://me:secret@cam/live"), Machine(tmp_path, answering())
    )
    assert found.level == level
    assert "secret" not in found.found + found.remedy


def test_modules_in_the_callers_folder_are_no_libraries(program: Program, tmp_path: Path) -> None:
    for name in ("numpy.py", "cv2.py", "picamera2.py"):
        (tmp_path / name).write_text("raise SystemExit('somebody else')")
    assert "libraries" not in program("doctor").stdout


DAMAGED = {
    "an import that raises": ("cv2.py", "raise RuntimeError('compiled against another numpy')", "another numpy"),
    "a library that is missing": ("cv2.py", "raise ImportError('libGL.so.1: cannot open')", "libGL.so.1"),
    "an abort": ("cv2.py", "import os\nos.abort()", "SIGABRT"),
    "a wrong CPU": ("cv2.py", "import os\nos.kill(os.getpid(), 4)", "SIGILL"),
    "an exit": ("cv2.py", "raise SystemExit(3)", "status 3"),
    "numpy": ("numpy.py", "raise ImportError('numpy.core.multiarray')", "numpy.core.multiarray"),
    "an abort in use": ("cv2.py", "def __getattr__(name):\n    import os\n    os.abort()", "SIGABRT"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_library_is_a_finding_beside_all_others(damage: str, program: Program, tmp_path: Path) -> None:
    file, code, words = DAMAGED[damage]
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    (stubs / file).write_text(code)
    done = program("doctor", PYTHONPATH=f"{PROJECT}:{stubs}")
    assert done.returncode == 78, done.stdout + done.stderr
    assert "problem  libraries" in done.stdout
    assert words in " ".join(done.stdout.split())
    assert "ok       log" in done.stdout


@pytest.mark.parametrize(
    ("code", "words"), [("raise ImportError('GLIBC_2.38 not found')", "GLIBC_2.38"), ("1/0", "Zero")]
)
def test_why_a_runtime_cannot_be_loaded_is_told(code: str, words: str, program: Program, tmp_path: Path) -> None:
    package = tmp_path / "stubs/ai_edge_litert"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "interpreter.py").write_text(code)
    config = tmp_path / "settings.toml"
    config.write_text("[classifier]\nruntime = 'litert'\n")
    path = f"{PROJECT}:{package.parent}"
    found = program("doctor", "--config", config, PYTHONPATH=path)
    ran = program("run", "--config", config, "--source", DEMO, PYTHONPATH=path)
    assert (found.returncode, ran.returncode) == (78, 78)
    assert words in found.stdout
    assert words in ran.stderr


def test_a_file_as_source_needs_no_camera(tmp_path: Path) -> None:
    machine = Machine(tmp_path, answering())
    [found] = camera.check(settings.CameraSettings(source=str(tmp_path)), machine)
    assert found.level == "ok"
    [found] = camera.check(settings.CameraSettings(source=str(tmp_path / "none.mp4")), machine)
    assert (found.level, found.exit_code) == ("problem", 78)


def test_the_shipped_model_is_well() -> None:
    found = {finding.check: finding for finding in model.classifier(settings.ClassifierSettings())}
    assert (found["model"].level, found["runtime"].level) == ("ok", "ok")
    assert found["XNNPACK"].found.startswith("active")  # how fast is the machine's own affair


def test_a_model_that_is_not_the_manifest_s_is_a_problem(model: Path) -> None:
    from edge.commands.doctor.model import classifier

    model.write_bytes(model.read_bytes()[:-1])
    [found] = classifier(settings.ClassifierSettings(model=str(model)))
    assert (found.level, found.exit_code) == ("problem", 78)
    assert "sha256 does not match" in found.found
    assert found.remedy == "copy model and manifest together again"


@pytest.mark.parametrize(
    ("runtime", "active", "milliseconds", "level", "remedy"),
    [
        ("litert", True, 0.9, "ok", ""),
        ("litert", True, 300.0, "warning", "heat"),
        ("litert", False, 0.9, "warning", "ProcSubset=pid"),
        ("tflite-runtime", False, 1.5, "warning", "LiteRT"),
    ],
)
def test_xnnpack_is_judged_by_its_delegate(
    runtime: str, active: bool, milliseconds: float, level: str, remedy: str
) -> None:
    found = model.xnnpack(runtime, active, milliseconds)
    assert found.level == level
    assert remedy in found.remedy


def test_a_hidden_proc_is_noticed(tmp_path: Path) -> None:
    """What `ProcSubset=pid` in a unit does: XNNPACK cannot read which CPU this is."""
    accelerated = (
        "from edge.vision.classifier import Classifier; from edge.settings import DEFAULT_MODEL as model; "
        "print(Classifier.load(model).accelerated)"
    )
    readable = "from pathlib import Path; print(Path('/proc/cpuinfo').exists())"
    script = "mount -t proc -o subset=pid none /proc"
    for code in (readable, accelerated):
        script += f' && "{sys.executable}" -c "{code}"'
    command = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", script]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True) if shutil.which("unshare") else None
    if not done or done.returncode or done.stdout.split()[0] == "True" or "PI_CPU" in os.environ:
        pytest.skip("no right to hide /proc here, or qemu shows one of its own")
    assert done.stdout.split()[1] == "False"


def test_a_detector_that_cannot_be_loaded_needs_a_person(tmp_path: Path) -> None:
    absent = str(tmp_path / "none")
    assert re.fullmatch(r"graynet .+ as its manifest says", model.detector(settings.DetectorSettings()).found)
    assert model.detector(settings.DetectorSettings(kind="haar")).level == "ok"
    for missing in (
        settings.DetectorSettings(graynet_model=absent),
        settings.DetectorSettings(kind="yunet", yunet_model=absent, region=(0.0, 0.0, 0.5, 0.5)),
    ):
        assert model.detector(missing).exit_code == 78


@pytest.mark.parametrize(
    ("answer", "level", "words", "remedy"),
    [
        ("throttled=0x0", "ok", "never throttled since boot", ""),
        ("throttled=0x1", "warning", "the supply voltage is too low", "official power supply"),
        (
            "throttled=0x50000",
            "warning",
            "the supply voltage is too low (earlier, since boot)",
            "official power supply",
        ),
        ("throttled=0xe0008", "warning", "at the soft temperature limit", "cool it"),
        ("throttled=0x50005", "warning", "the supply voltage is too low, throttled", "cool it"),
    ],
)
def test_throttling_bits_are_decoded(tmp_path: Path, answer: str, level: str, words: str, remedy: str) -> None:
    found = system.heat(Machine(tmp_path, answering(vcgencmd=Answer(0, answer))))
    assert found.level == level
    assert words in found.found
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("zones", "level", "words"),
    [
        ([], "ok", "no thermal sensor"),
        (["51234"], "ok", "51 °C"),
        (["40000", "82000"], "warning", "82 °C"),
        (["", "45000"], "ok", "45 °C"),
    ],
)
def test_without_vcgencmd_the_thermal_zones_tell(
    tmp_path: Path, put: Callable[..., None], zones: list[str], level: str, words: str
) -> None:
    for number, value in enumerate(zones):
        put(f"sys/class/thermal/thermal_zone{number}/temp", value)
    refused = Machine(tmp_path, answering(vcgencmd=Answer(255, "", "Can't open device file: /dev/vcio")))
    for machine in (Machine(tmp_path, answering()), refused):
        assert system.heat(machine) == Finding("heat", level, words, system.COOL if level == "warning" else "")


@pytest.mark.parametrize(
    ("available_kb", "level", "exit_code"), [(900_000, "ok", 0), (200_000, "warning", 0), (50_000, "problem", 1)]
)
def test_memory(tmp_path: Path, put: Callable[..., None], available_kb: int, level: str, exit_code: int) -> None:
    put("proc/meminfo", f"MemTotal:  948000 kB\nMemFree: 1 kB\nMemAvailable: {available_kb} kB\nHugePages_Total: 0\n")
    found = system.memory(Machine(tmp_path))
    assert (found.level, found.exit_code) == (level, exit_code)


def test_memory_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    assert system.memory(Machine(tmp_path)).level == "warning"


@pytest.mark.parametrize(
    ("now", "said", "file", "level", "words"),
    [
        (NOON, "yes", False, "ok", "2026-11-23 12:00 UTC, synchronized"),
        (NOON, "no", False, "warning", "not synchronized"),
        (NOON, None, True, "ok", "synchronized"),
        (NOON, None, False, "ok", "nobody says"),
        (datetime(1970, 1, 1, tzinfo=UTC), "yes", True, "warning", "cannot be"),
    ],
)
def test_clock(
    tmp_path: Path, put: Callable[..., None], now: datetime, said: str | None, file: bool, level: str, words: str
) -> None:
    if file:
        put("run/systemd/timesync/synchronized")
    answers = {"timedatectl": Answer(0, said)} if said else {"timedatectl": Answer(1, "", "System has not been booted")}
    found = system.clock(Machine(tmp_path, answering(**answers)), now)
    assert found.level == level
    assert words in found.found


@pytest.mark.parametrize(
    ("shown", "level", "words"),
    [
        ("LoadState=not-found\nActiveState=inactive", "ok", "not installed"),
        ("LoadState=loaded\nActiveState=active\nResult=success\nExecMainStatus=0\nNRestarts=0", "ok", "0 restarts"),
        ("LoadState=loaded\nActiveState=active\nResult=success\nExecMainStatus=0\nNRestarts=1", "warning", "1 restart"),
        ("LoadState=loaded\nActiveState=inactive\nResult=success\nNRestarts=0", "warning", "inactive"),
        (
            "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainStatus=78\nNRestarts=0",
            "problem",
            "failed, 0 restarts, last exit 78 (exit-code)",
        ),
        (
            "LoadState=loaded\nActiveState=activating\nResult=exit-code\nExecMainStatus=1\nNRestarts=9",
            "problem",
            "activating, 9 restarts, last exit 1 (exit-code)",
        ),
    ],
)
def test_service_state(tmp_path: Path, put: Callable[..., None], shown: str, level: str, words: str) -> None:
    machine = Machine(tmp_path, answering(systemctl=Answer(0, shown)))
    assert system.service(machine).found == "systemd is not running here"
    put("run/systemd/system/.mark")
    found = system.service(machine)
    assert found.level == level
    assert words in found.found


@pytest.mark.parametrize(
    ("free_mb", "level", "exit_code"), [(9_000, "ok", 0), (300, "warning", 0), (5, "problem", 1), (0, "problem", 1)]
)
def test_free_space(free_mb: int, level: str, exit_code: int) -> None:
    found = storage.space(Path("emotions.db"), free_mb * 1_000_000)
    assert (found.level, found.exit_code) == (level, exit_code)


def test_the_log_s_place_is_tried_and_nothing_stays_behind(tmp_path: Path) -> None:
    assert storage.check(tmp_path / "a/b/emotions.db").level != "problem"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "emotions.db").mkdir()
    found = storage.check(tmp_path / "emotions.db")
    assert (found.level, found.exit_code) == ("problem", 1)
    assert "Is a directory" in found.found


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([ok("a", "x")], 0),
        ([warning("a", "x", "y")], 0),
        ([problem("a", "x", "y", 1), ok("b", "x")], 1),
        ([problem("a", "x", "y", 78), problem("b", "x", "y", 1)], 78),
    ],
)
def test_exit_code_is_the_daemon_s_own(findings: list[Finding], expected: int) -> None:
    assert doctor.exit_code(findings) == expected


def test_each_line_names_level_and_check_and_below_it_what_to_do() -> None:
    stream = io.StringIO()
    doctor.show([ok("clock", "right"), problem("camera", "none", "connect one", 1), warning("heat", "x", "y")], stream)
    assert stream.getvalue().splitlines() == [
        "ok       clock   right",
        "problem  camera  none",
        "                 -> connect one",
        "warning  heat    x",
        "                 -> y",
        "",
        "1 problem and 1 warning: fix the problems first.",
    ]


@pytest.mark.parametrize(
    ("command", "expected"), [(["true"], Answer(0, "")), (["sh", "-c", "echo a; exit 3"], Answer(3, "a"))]
)
def test_commands_are_asked(command: list[str], expected: Answer) -> None:
    assert ask(command) == expected
    assert ask(["no-such-program-anywhere"]) is None


def test_the_real_program_reports_on_this_machine(program: Program, tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(f"[camera]\nsource = '{tmp_path}'\n")
    done = program("doctor", "--config", config, "--json")
    report = json.loads(done.stdout)
    checks = [found["check"] for found in report["checks"]]
    order = "machine settings camera model runtime XNNPACK detector log memory heat clock service"
    assert checks == order.split()
    assert done.returncode == report["exit_code"]
    assert re.match(r"ok +machine ", program("doctor", "--config", config).stdout)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[camera]\nfps = 3\n", "problem  settings"),
        ("[classifier]\nmodel = 'none.tflite'\n", "no such model"),
        (f"[classifier]\nmodel = '{DEFAULT_MODEL}'\n[detector]\nkind = 'yunet'\nyunet_model = 'x'\n", "fetch-yunet"),
    ],
)
def test_what_needs_a_person_exits_with_78(program: Program, tmp_path: Path, text: str, words: str) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(text)
    done = program("doctor", "--config", config)
    assert done.returncode == 78, done.stdout
    assert words in done.stdout
    assert "fix the problem" in done.stdout
