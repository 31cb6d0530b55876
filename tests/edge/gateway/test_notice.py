"""What people in view are told."""

from pathlib import Path

import pytest

from edge import settings
from edge.commands.notice import default_url, render_notice
from tests.fakes import gateway
from tests.program import Program, errors

FILLED = {"operator": "Museum of Light", "contact": "light@example.org", "purpose": "To count smiles."}


def parse(tables: dict[str, object]) -> settings.Settings:
    return settings.parse(tables, "test")


def test_the_notice_says_who_and_why_and_how_long(tmp_path: Path) -> None:
    with gateway.rig(tmp_path, {"notice": FILLED, "log": {"keep_days": 30}}) as rig:
        page = rig.app.test_client().get("/notice").text
    assert all(value in page for value in FILLED.values())
    assert "deleted after 30 days" in page


def test_the_notice_says_how_often_the_model_in_use_is_wrong(tmp_path: Path) -> None:
    assert "wrong in about 32 of 100 cases" in render_notice(parse({}), ""), "68.15 % are right, as the manifest says"
    model = tmp_path / "mine.tflite"
    tables = {"classifier": {"model": str(model)}}
    for text, words in [
        ('{"accuracy": {"validation": {"float": 0.9, "int8": 0.804}}}', "wrong in about 20 of 100 cases"),
        ('{"accuracy": {"validation": {"int8": 68.2}}}', "The program is often wrong."),
        ('{"accuracy": null}', "The program is often wrong."),
        ("[", "The program is often wrong."),
    ]:
        model.with_suffix(".json").write_text(text)
        assert words in render_notice(parse(tables), "")
    assert "32 of 100" in render_notice(parse({"classifier": {"model": "standard"}}), "")
    model.with_suffix(".json").unlink()
    assert "The program is often wrong." in render_notice(parse(tables), "")


def test_an_empty_notice_says_that_it_is(tmp_path: Path) -> None:
    with gateway.rig(tmp_path) as rig:
        page = rig.app.test_client().get("/notice").text
    assert page.count("not stated yet") == 3
    assert "when its storage is full" in page


@pytest.mark.parametrize(
    ("listen", "notice", "banner"),
    [
        ("127.0.0.1:8770", {}, False),
        ("[::1]:8770", {}, False),
        ("0.0.0.0:8770", {}, True),
        ("192.168.0.5:8770", {}, True),
        ("0.0.0.0:8770", {**FILLED, "contact": ""}, True),
        ("0.0.0.0:8770", FILLED, False),
    ],
)
def test_a_page_that_others_reach_says_what_the_notice_lacks(
    tmp_path: Path, listen: str, notice: dict[str, str], banner: bool
) -> None:
    with gateway.rig(tmp_path, {"web": {"listen": listen}, "notice": notice}) as rig:
        assert ('<p class="banner warning" role="note">' in rig.browser().get("/").text) == banner


def test_the_printed_page_is_complete_in_itself() -> None:
    page = render_notice(parse({"notice": FILLED}), "http://hall.local:8770/notice")
    assert "<svg" in page and "@page" in page and "size: A4" in page
    assert "<script" not in page and "/static/" not in page and "<link" not in page
    assert "http://hall.local:8770/notice" in page


def test_without_an_address_there_is_no_code() -> None:
    assert "<svg" not in render_notice(parse({}), "")


@pytest.mark.parametrize(
    ("tables", "url"),
    [
        ({}, ""),
        ({"notice": {"contact": "https://example.org/camera"}}, "https://example.org/camera"),
        ({"notice": {"contact": "light@example.org"}}, ""),
        ({"web": {"listen": "0.0.0.0:8770"}}, "http://hall.local:8770/notice"),
        ({"web": {"listen": "0.0.0.0:80", "hosts": ["light.example"]}}, "http://light.example:80/notice"),
    ],
)
def test_the_code_leads_to_where_more_stands(tables: dict[str, object], url: str) -> None:
    assert default_url(parse(tables), "hall.lan") == url


def test_names_are_text_in_print_too() -> None:
    page = render_notice(parse({"notice": {"operator": "<script>alert(1)</script>"}}), "http://x/<b>")
    assert "<script" not in page and "<b>" not in page


def test_the_command(program: Program) -> None:
    done = program("notice", "--output", "n.html", "--url", "https://example.org")
    assert done.returncode == 0 and "wrote n.html" in done.stdout
    assert "operator, contact and purpose" in done.stderr
    assert program("notice", "--output", "/nowhere/n.html").returncode == 1


def test_the_command_writes_to_standard_output_too(program: Program, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[notice]\noperator = "Café"\n')
    done = program("notice", "--config", "settings.toml", "--output", "-", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.startswith("<!doctype html>") and done.stdout.rstrip().endswith("</html>")
    assert "Café" in done.stdout, "in UTF-8, whatever the locale"
    assert not (tmp_path / "-").exists()


def test_gateway_says_its_address_and_replaces_its_token(program: Program, tmp_path: Path) -> None:
    first = program("gateway", "url", STATE_DIRECTORY=str(tmp_path)).stdout.strip()
    token = program("gateway", "token", STATE_DIRECTORY=str(tmp_path)).stdout.strip()
    assert first == f"http://localhost:8770/?token={token}"
    new = program("gateway", "token", "--new", STATE_DIRECTORY=str(tmp_path)).stdout.strip()
    assert len(new) == 43 and new != token
    wrong = program("gateway", "url", "--new")
    assert wrong.returncode == 2 and "--new goes with" in errors(wrong)[0]


@pytest.mark.parametrize("action", ["enable", "disable"])
def test_the_service_is_switched_by_root_on_a_device_alone(program: Program, action: str) -> None:
    done = program("gateway", action)
    assert done.returncode == 2 and "sudo emotion-edge gateway enable" in "".join(errors(done))
