"""Check model, manifest, runtime and face detector: do they work, and as fast as they can?"""

from importlib import metadata
from pathlib import Path

from msgspec.structs import replace

from edge.commands.doctor.findings import Finding, ok, problem_of, warning
from edge.commands.fetch_yunet import YUNET_SHA256
from edge.contract import LABELS
from edge.errors import ModelError
from edge.settings import ClassifierSettings, DetectorSettings, Settings
from edge.vision import detection
from edge.vision.classifier import Classifier
from edge.vision.detection import GrayNet, YuNet
from edge.vision.manifest import sha256
from edge.vision.runtime import NOT_INSTALLED, why_not_loaded

DISTRIBUTIONS = {"litert": "ai-edge-litert", "tflite-runtime": "tflite-runtime"}

SLOW_CLASSIFIER_MS = 50.0  # about 1 ms is usual, on a Pi too


def check(settings: Settings) -> list[Finding]:
    return [*classifier(settings.classifier), detector(settings.detector)]


def classifier(settings: ClassifierSettings) -> list[Finding]:
    try:
        loaded = Classifier.load(settings.path, settings.threads, settings.runtime)
    except ModelError as error:
        return [problem_of("model", error)]
    manifest = loaded.manifest
    labels = "" if loaded.labels == LABELS else f", labels {', '.join(loaded.labels)}"
    about = f"{manifest.name} {manifest.version}, sha256 {manifest.sha256[:12]}... as its manifest says{labels}"
    version = metadata.version(DISTRIBUTIONS[loaded.runtime])
    milliseconds = loaded.measure_milliseconds()
    return [
        ok("model", about),
        runtime(settings.runtime, loaded.runtime, version),
        xnnpack(loaded.runtime, loaded.accelerated, milliseconds),
    ]


def runtime(chosen: str, loaded: str, version: str) -> Finding:
    """`loaded` is what runs where the settings have `chosen`; a better one that is damaged is told."""
    found = f"{loaded} {version}"
    if chosen == "auto" and loaded != "litert":
        reason = why_not_loaded("litert")
        if reason != NOT_INSTALLED:
            return warning(
                "runtime",
                f"{found}; litert {reason}",
                "make the environment again, from requirements-edge.txt",
            )
    return ok("runtime", found)


def xnnpack(runtime: str, active: bool, milliseconds: float) -> Finding:
    """`milliseconds` a face; XNNPACK switches itself off in silence."""
    speed = f"{milliseconds:.2f} ms a face"
    if not active and runtime != "litert":
        found = f"off, {speed}: {runtime} accelerates no int8 model"
        return warning(
            "XNNPACK",
            found,
            "on a 64-bit system: pip install -r requirements-edge.txt, which brings LiteRT",
        )
    if not active:
        remedy = (
            "let the process read /proc/cpuinfo: no ProcSubset=pid in the unit, no hidden /proc or /sys in a container"
        )
        return warning("XNNPACK", f"off, {speed}: it could not read which CPU this is", remedy)
    if milliseconds > SLOW_CLASSIFIER_MS:
        return warning("XNNPACK", f"active, but {speed}", "look at heat and at other programs (`top`)")
    return ok("XNNPACK", f"active, {speed}")


def detector(settings: DetectorSettings) -> Finding:
    try:
        made = detection.open_detector(replace(settings, region=detection.WHOLE_FRAME, ignore=()))
    except ModelError as error:
        return problem_of("detector", error)
    if isinstance(made, YuNet):
        official = sha256(Path(settings.yunet_model)) == YUNET_SHA256
        return ok(
            "detector",
            f"yunet, {'sha256 verified' if official else 'another file than the official 2023mar'}",
        )
    if isinstance(made, GrayNet):
        about = f"graynet {made.manifest.version}, sha256 {made.manifest.sha256[:12]}... as its manifest says"
        return ok("detector", about)
    return ok("detector", made.name)
