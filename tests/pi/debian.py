"""Packages of any Debian release and architecture, unpacked into a folder: nothing is installed, no root is needed."""

import subprocess
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def unpack(packages: list[str], release: str, architecture: str, cache: Path, root: Path) -> None:
    """Put `packages` and all that they depend on into `root`; the downloads stay in `cache`.

    Raises SystemExit with apt's words.
    """
    options = _apt_folders(release, architecture, cache)
    _run(["apt-get", *options, "--quiet=2", "update"])
    _run(
        ["apt-get", *options, "--quiet=2", "--yes", "--no-install-recommends", "--download-only", "install", *packages]
    )
    _merge_usr(root)
    for archive in sorted((cache / "archives").glob("*.deb")):
        _run(["dpkg-deb", "--extract", str(archive), str(root)])


def unpack_alone(package: str, release: str, architecture: str, cache: Path, root: Path) -> None:
    """Put what the metapackage `package` stands for into `root`, without all that it depends on.

    Raises SystemExit with apt's words.
    """
    options = _apt_folders(release, architecture, cache)
    _run(["apt-get", *options, "--quiet=2", "update"])
    depends = _run(["apt-cache", *options, "depends", "--important", package])
    name = depends.split("Depends:")[1].split()[0]
    _run(["apt-get", *options, "--quiet=2", "download", name], cwd=cache)
    for archive in sorted(cache.glob(f"{name}_*.deb")):
        _run(["dpkg-deb", "--extract", str(archive), str(root)])


def host_architecture() -> str:
    return _run(["dpkg", "--print-architecture"]).strip()


def mirror() -> str:
    """The Debian archive that this machine's own apt takes packages from."""
    listed = _run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    )
    for codename, component, uri in map(str.split, listed.splitlines()):
        if component == "main" and "-" not in codename:  # not bookworm-updates, not bookworm-security
            return uri
    raise SystemExit("apt knows no Debian archive here; run `apt-get update` first (on Debian or one of its kin)")


def _apt_folders(release: str, architecture: str, cache: Path) -> list[str]:
    """Options that give apt its own lists, downloads and dpkg status; that is empty, so nothing counts as installed."""
    for name in ("lists/partial", "archives/partial"):
        (cache / name).mkdir(parents=True, exist_ok=True)
    status = cache / "status"
    sources = cache / "sources.list"
    status.touch()
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    sources.write_text(f"deb {signed}{mirror()} {release} main\n")
    settings = {
        "Dir::State": cache,
        "Dir::State::status": status,
        "Dir::Cache": cache,
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "APT::Architecture": architecture,
        "APT::Architectures::": architecture,
        "APT::Keep-Downloaded-Packages": "true",
        "APT::Sandbox::User": "root",  # apt's own user may not reach the folder
    }
    return [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]


def _merge_usr(root: Path) -> None:
    """/bin, /lib and /sbin as links into /usr, as on every Debian; its own base-files makes them elsewhere."""
    for name in ("bin", "lib", "sbin"):
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")


def _run(command: list[str], cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise SystemExit(f"no {command[0]} here; the emulated Pi needs Debian or one of its kin") from error
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout
