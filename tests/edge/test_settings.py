import re
import tomllib
from pathlib import Path

import pytest

from edge import errors, settings
from edge.settings import (
    DEFAULT_MODEL,
    MODEL_FAMILY,
    PROJECT,
    ClassifierSettings,
    NotifySettings,
    Settings,
    shipped_models,
)

RULE = "[[notify]]\nwhen = 'first_face'\nurls_file = 'f'"


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[camera]\nwidht = 640", ["camera.widht", "allowed here: source, width, height"]),
        ("[kamera]\nwidth = 640", ["kamera", "allowed here: camera, detector"]),
        ("[camera]\nwidth = 10", ["camera.width = 10", ">= 160"]),
        ("[camera]\nwidth = 99999", ["camera.width = 99999", "<= 4608"]),
        ("[camera]\nwidth = 'wide'", ["camera.width = 'wide'", "expected a whole number, found text"]),
        ("[detector]\nthreshold = 1.5", ["detector.threshold = 1.5", "<= 1.0"]),
        ('[log]\npath = "a\\u0000b"', ["log.path = 'a\\x00b'", "expected text without a NUL character"]),
        ("[detector]\nkind = 'dlib'", ["detector.kind = 'dlib'", "graynet, yunet, haar"]),
        ("[detector]\nkind = 5", ["detector.kind = 5", "graynet, yunet, haar"]),
        ("[camera]\nrotate_degrees = 45", ["camera.rotate_degrees = 45", "0, 90, 180, 270"]),
        ("[detector]\nregion = [0.5, 0.0, 0.6, 1.0]", ["detector", "x + width and y + height <= 1"]),
        ("[detector]\nregion = [0.5, 0.0, 0.5]", ["detector.region = [0.5, 0.0, 0.5]", "length 4"]),
        ("[detector]\nignore = [[0.5, 0.0, 0.6, 1.0]]", ["detector", "ignore: expected", "x + width"]),
        ("[detector]\nignore = [[0.5, 0.0, 0.0, 1.0]]", ["detector", "ignore: expected", "sides > 0"]),
        ("[detector]\nignore = [[0, 0, 1, 1], [0.5, 0.0, 0.5]]", ["detector.ignore[1] = [0.5, 0.0, 0.5]", "length 4"]),
        ("[detector]\nignore = [0.5, 0.0, 0.5, 1.0]", ["detector.ignore[0] = 0.5", "expected a list"]),
        ("[web]\nlisten = '8770'", ["web", "listen: expected ADDRESS:PORT", "'8770'"]),
        ("[web]\npicture = 'all'", ["web.picture = 'all'", "auto, none, boxes, pixelated, full"]),
        ("[web]\nhosts = ['a b']", ["web", "expected names", "'a b'"]),
        ("[web]\nlisten = 'hall:8770'", ["web", "listen: expected an IP address", "'hall'"]),
        ("[web]\nlisten = '0.0.0.0:99999'", ["web", "listen: expected ADDRESS:PORT"]),
        ("[web]\nproxy = 'nginx'", ["web", "proxy: expected an IP address", "'nginx'"]),
        ("[tracking]\nforget_seconds = nan", ["tracking.forget_seconds = nan", ">= 0.0"]),
        ("[log]\ninterval_seconds = 0.0", ["log.interval_seconds = 0.0", ">= 0.1"]),
        ("camera = 3", ["camera = 3", "expected a table, found a whole number"]),
        ("[notify]\nurls_file = 'f'", ["notify: expected rules", "[[notify]]"]),
        ("[[notify]]\nurls_file = 'f'", ["notify[0]: expected the key when"]),
        (f"{RULE}\n[[notify]]\nwhen = 'rain'", ["notify[1].when = 'rain'", "emotion, first_face, camera_gone, disk"]),
        (f"{RULE}\nurl = 'f'", ["notify.url", "allowed here: when, urls_file"]),
        ("[[notify]]\nwhen = 'first_face'", ["notify[0]: expected the key urls_file"]),
        (f"{RULE}\n{RULE}", ["two rules called 'first_face'", "another `name`"]),
        (f"{RULE}\nname = 'disk_full'\n{RULE}\nname = 'disk_full'", ["two rules called 'disk_full'"]),
        (f"{RULE}\nfree_mb = 9", ["notify[0]: free_mb: goes with when = disk_full"]),
        (f"{RULE}\nemotions = ['happy']", ["notify[0]: emotions: goes with when = emotion"]),
        (
            "[[notify]]\nwhen = 'emotion'\nurls_file = 'f'\nemotions = ['hapy']",
            ["emotions[0] = 'hapy'", "angry, disgust"],
        ),
        (f"{RULE}\nfor_seconds = 9", ["notify[0]: for_seconds: goes with when = emotion or camera_gone"]),
        (f"{RULE}\nquiet = '8-9'", ["notify[0]: quiet: expected HH:MM-HH:MM", "'8-9'"]),
        ("[[notify]]\nwhen = 'emotion'\nurls_file = 'f'", ["notify[0]: emotions: expected one or more"]),
        (
            "[classifier]\nmodel = 'huge'",
            ["classifier", "expected tiny, standard, large or the path of a .tflite file", "'huge'"],
        ),
        ("[classifier]\nmodel = ''", ["expected tiny, standard, large", "''"]),
        ("[camera", ["not TOML"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(toml: str, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(toml)
    with pytest.raises(errors.SettingsError) as caught:
        settings.load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert all(word in message for word in words), message
    assert caught.value.exit_code == 78


@pytest.mark.parametrize("address", ["ntfy://secret", "mailto:secret", "tgram:/secret", "user:secret@example.org"])
def test_an_address_in_place_of_its_file_is_not_shown(address: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f"[[notify]]\nwhen = 'first_face'\nurls_file = '{address}'")
    with pytest.raises(errors.SettingsError, match="urls_file: expected the name of a file") as caught:
        settings.load(path)
    assert "secret" not in str(caught.value)


def test_a_missing_file_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(errors.SettingsError, match="cannot be read"):
        settings.load(tmp_path / "none.toml")


def test_what_is_set_is_taken_and_the_rest_keeps_its_default() -> None:
    chosen = settings.parse({"camera": {"width": 1280}}, "test")
    assert chosen.camera.width == 1280
    assert chosen.camera.height == Settings().camera.height


def test_a_model_is_named_or_lies_at_a_path() -> None:
    assert ClassifierSettings().path == ClassifierSettings(model="standard").path == DEFAULT_MODEL
    assert ClassifierSettings(model="mine.tflite").path == Path("mine.tflite")
    assert ClassifierSettings(model="/srv/tiny").path == Path("/srv/tiny")


def test_each_model_of_the_release_is_found_by_its_name() -> None:
    for name, path in shipped_models().items():
        assert ClassifierSettings(model=name).path == path


def test_a_model_that_this_release_lacks_is_told_with_those_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODEL_FAMILY, "large", tmp_path / "emotion_large_int8.tflite")
    with pytest.raises(errors.ModelError) as caught:
        ClassifierSettings(model="large").path  # noqa: B018
    message = str(caught.value)
    assert f"'large': expected {tmp_path / 'emotion_large_int8.tflite'}, which is not there" in message
    assert "standard" in message.partition("; ")[2]
    assert caught.value.exit_code == 78


def test_the_services_file_shows_the_true_defaults() -> None:
    text = (PROJECT / "systemd" / "settings.toml").read_text()
    assert tomllib.loads(text) == {
        "camera": {"source": "camera"},
        "detector": {},
        "classifier": {},
        "tracking": {},
        "log": {"keep_days": 30},
        "web": {},
        "notice": {},
        "device": {},
        "mqtt": {},
        "light": {},
    }
    shown = tomllib.loads(re.sub(r"^# (?=\w+ =|\[\[)", "", text, flags=re.MULTILINE))
    [rule] = settings.parse(shown, "shown").notify
    assert rule == NotifySettings(when=rule.when, urls_file=rule.urls_file, emotions=rule.emotions)
    del shown["notify"]
    for table, keys in shown.items():
        for key, value in keys.items():
            if (table, key) not in (("camera", "source"), ("log", "keep_days")):  # the service's own
                default = getattr(getattr(Settings(), table), key)
                assert (list(default) if isinstance(default, tuple) else default) == value, (table, key)


def test_the_services_file_names_every_setting_of_the_loop() -> None:
    text = (PROJECT / "systemd" / "settings.toml").read_text()
    for table in ("camera", "detector", "tracking", "web", "notice", "device"):
        left_out = {"graynet_model", "yunet_model"}  # they lie where they belong
        for key in set(getattr(Settings(), table).__struct_fields__) - left_out:
            assert re.search(rf"^(# )?{key} = ", text, flags=re.MULTILINE), (table, key)


def test_log_path_prefers_the_setting_then_systemds_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert settings.log_path(Settings()) == Path("logs/emotions.db")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/emotion-edge")
    assert settings.log_path(Settings()) == Path("/var/lib/emotion-edge/emotions.db")
    assert settings.log_path(settings.parse({"log": {"path": "/x.db"}}, "test")) == Path("/x.db")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError, 2),
        (errors.SettingsError, 78),
        (errors.ModelError, 78),
        (errors.CameraError, 1),
        (errors.LogError, 1),
    ],
)
def test_exit_codes(error: type[errors.EdgeError], code: int) -> None:
    assert error("what to do").exit_code == code
