import io
import re
from pathlib import Path

import pytest

from edge.commands.settings import show
from edge.commands.settings_texts import all_settings, is_rule, service_file
from edge.settings import PROJECT, Settings
from tests.program import Program


def printed(config: Path | None) -> str:
    stream = io.StringIO()
    show(config, stream)
    return stream.getvalue()


def test_the_services_file_is_made_from_the_classes() -> None:
    written = (PROJECT / "systemd" / "settings.toml").read_text()
    hint = "python -m edge.commands.settings_texts > systemd/settings.toml"
    assert written == service_file(), f"make it anew: {hint}"


def test_every_setting_is_explained() -> None:
    assert [f"{setting.table}.{setting.key}" for setting in all_settings() if not explained(setting.text)] == []


def explained(text: str) -> bool:
    return len(text) > 5


def test_all_settings_are_shown_with_unit_range_and_default() -> None:
    text = printed(None)
    for table in Settings.__struct_fields__:
        assert f"[{table}]\n" in text or is_rule(table)
    for setting in all_settings():
        assert is_rule(setting.table) or re.search(rf"^{setting.key} = .*    # default$", text, flags=re.MULTILINE), (
            setting
        )
    assert "frames_per_second = 15.0    # default\n    frames a second asked of a camera; 0.2 to 120\n" in text


def test_it_says_which_service_to_restart() -> None:
    text = " ".join(printed(None).split())
    assert "restart emotion-edge`" in text
    assert "[web], [notice], [device], [mqtt] or [notify]: `sudo systemctl try-restart emotion-edge-gateway`" in text


def test_what_the_file_sets_names_the_file(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("[camera]\nwidth = 1280\nheight = 480\n")
    text = printed(config)
    assert f"width = 1280    # from {config}; default: 640\n" in text
    assert f"height = 480    # from {config}; default: 480\n" in text
    assert "mirror = false    # default\n" in text


def test_rules_are_shown_one_by_one_and_an_example_where_there_is_none(tmp_path: Path) -> None:
    assert '[[notify]]    # no rule is set; this is an example of one\nwhen = "emotion"\n' in printed(None)
    config = tmp_path / "settings.toml"
    rule = "[[notify]]\nurls_file = '/f'\n"
    config.write_text(f"{rule}when = 'first_face'\n{rule}when = 'disk_full'\nfree_mb = 9.0\n")
    text = printed(config)
    assert text.count("[[notify]]\n") == 2
    assert f'when = "first_face"    # from {config}\n' in text
    assert f"free_mb = 9.0    # from {config}; default: 0.0\n" in text
    assert "free_mb = 0.0    # default\n" in text


SECRET_SOURCES = [
    "rtsp://me:secret@10.0.0.2/cam",
    "me:secret@10.0.0.2/cam",
    "rtsp:/me:secret@10.0.0.2",
    "http://10.0.0.2/snap.jpg?pwd=secret",
    "usb:secret",
    "rtsp://10.0.0.2/cam;pwd=secret",
    "rtsp://10.0.0.2/secret/cam",
    "picamera:secret",
]


@pytest.mark.parametrize("source", SECRET_SOURCES)
def test_a_password_in_the_source_is_not_shown(source: str, tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(f'[camera]\nsource = "{source}"\n')
    text = printed(config)
    assert "secret" not in text
    assert f"    # from {config}; default: " in text


@pytest.mark.parametrize("source", ["auto", "camera", "picamera", "picamera:1", "usb:0"])
def test_a_camera_of_this_machine_is_shown(source: str, tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(f'[camera]\nsource = "{source}"\n')
    assert f'source = "{source}"    # from' in printed(config)


def test_the_command_says_where_the_log_is(program: Program, tmp_path: Path) -> None:
    done = program("settings")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"The event log is {tmp_path}/logs/emotions.db.\n")
    assert program("settings", "--config", "none.toml").returncode == 78
