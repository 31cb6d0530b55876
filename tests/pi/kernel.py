"""Debian's arm64 kernel, for the emulation of a whole Pi."""

from pathlib import Path

from tests.pi import debian

PACKAGE = "linux-image-cloud-arm64"  # small: drivers of virtual machines alone
RELEASE = "trixie"


def kernel(cache: Path) -> Path:
    """Return the kernel, fetched into `cache` where it is not there yet. Raises SystemExit with apt's words."""
    root = cache / "kernel"
    if not list(root.glob("boot/vmlinuz-*")):
        debian.unpack_alone(PACKAGE, RELEASE, "arm64", cache / f"apt-{RELEASE}-kernel", root)
    return sorted(root.glob("boot/vmlinuz-*"))[-1]
