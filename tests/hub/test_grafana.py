"""Grafana's files, as far as they can be tried without Grafana: their shape, and every query on the real engines."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.hub.engines import HUB, Hub
from tests.hub.processes import find, missing

GRAFANA = HUB / "grafana"
DASHBOARD = json.loads((GRAFANA / "dashboards/fleet.json").read_text())
PANELS = DASHBOARD["panels"]
MACROS = {
    r"\$__timeFilter\((\w+)\)": r"\1 BETWEEN now() - interval '1 day' AND now()",
    r"\$__timeGroupAlias\((\w+), \$__interval\)": r"""date_trunc('hour', \1) AS "time" """,
    r"\$device": "'hall', 'cafe'",
}


def targets(kind: str) -> list[dict[str, Any]]:
    return [target for panel in PANELS for target in panel["targets"] if target["datasource"]["type"] == kind]


def test_every_datasource_is_provisioned() -> None:
    provisioned = re.findall(r"uid: (\S+)", (GRAFANA / "provisioning/datasources/hub.yaml").read_text())
    used = {panel["datasource"]["uid"] for panel in PANELS}
    assert used == set(provisioned)


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & own, panel["title"]
        cells |= own
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_every_sql_query_runs_on_the_schema(hub: Hub) -> None:
    queries = [target["rawSql"] for target in targets("postgres")]
    queries.append(DASHBOARD["templating"]["list"][0]["query"])
    for query in queries:
        for macro, sql in MACROS.items():
            query = re.sub(macro, sql, query)
        assert "$" not in query
        hub.rows(query)


@pytest.mark.skipif(bool(missing("promtool")), reason="promtool is not installed (apt install prometheus)")
def test_every_prometheus_query_can_be_read(tmp_path: Path) -> None:
    rules = [{"record": f"query:{index}", "expr": target["expr"]} for index, target in enumerate(targets("prometheus"))]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))  # JSON is YAML
    done = subprocess.run([str(find("promtool")), "check", "rules", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_user_may_read_and_nothing_else(hub: Hub) -> None:
    granted = set(
        hub.rows(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = 'grafana'"
        )
    )
    assert granted == {(table, "SELECT") for table in ("episodes", "stats", "devices", "rejected")}
