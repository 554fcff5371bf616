"""The deployment files agree with the service and with each other."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient

from service.app import create_app
from service.model_manager import _CLOSING_SECONDS
from service.protocol import _REASONS, REFUSALS
from service.serving import GRACE_SECONDS
from service.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
RUNBOOK = (DEPLOY / "RUNBOOK.md").read_text()
YAML_FILES = [ROOT / "compose.yaml", *sorted(DEPLOY.rglob("*.y*ml"))]
PROMETHEUS_OWN = {"up"}


def read(path):
    return yaml.safe_load(path.read_text())


COMPOSE = read(ROOT / "compose.yaml")
TRANSLATOR = COMPOSE["services"]["translator"]
RULES = [rule for group in read(DEPLOY / "alerts.yml")["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/translator.json").read_text())


def no_engine():
    raise AssertionError("nothing here loads a model")


@pytest.fixture(scope="module")
def samples():
    """Names of all Prometheus samples of the service, including those that appear only after a first event."""
    text = TestClient(create_app(no_engine, Settings())).get("/metrics").text
    names = set(PROMETHEUS_OWN)
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        names.update(f"{name}_{part}" for part in ("bucket", "sum", "count") if kind == "histogram")
        names.add(name)
    return names


def expressions():
    """Every PromQL expression and where it is used."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield f"panel {panel['title']}", target["expr"]


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_yaml_file_is_valid(path):
    assert all(yaml.safe_load_all(path.read_text()))


@pytest.mark.parametrize(("place", "expression"), list(expressions()))
def test_alerts_and_panels_use_only_metrics_that_the_service_has(place, expression, samples):
    used = set(re.findall(r"\b(?:translator|process)_[a-z_]+|\bup\b", re.sub(r'"[^"]*"', "", expression)))
    assert used, f"{place} uses no metric"
    assert used <= samples, f"{place}: unknown metrics: {used - samples}"


def test_prometheus_accepts_rules_and_queries(tmp_path):
    if not (promtool := shutil.which("promtool")):
        pytest.skip("needs Prometheus' promtool")
    subprocess.run([promtool, "check", "rules", DEPLOY / "alerts.yml"], check=True, capture_output=True)
    queries = [{"record": f"query:{number}", "expr": expr.replace("$__rate_interval", "1m")}
               for number, (_, expr) in enumerate(expressions())]  # fmt: skip
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": queries}]}))
    checked = subprocess.run([promtool, "check", "rules", path], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_runbook_lists_exactly_the_alerts():
    headings = re.findall(r"^### (\w+)$", RUNBOOK, re.MULTILINE)
    assert headings == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"deploy/RUNBOOK.md#{rule['alert'].lower()}"


def test_links_within_the_runbook_work():
    headings = re.findall(r"^##+ (.+)$", RUNBOOK, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= anchors


def shown(value):
    """Format a default as in the runbook."""
    if value is None or value == []:
        return "—"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_the_runbook_lists_every_setting():
    table = "\n".join(
        f"| `TRANSLATOR_{name.upper()}` | {shown(field.get_default(call_default_factory=True))} | {field.description} |"
        for name, field in Settings.model_fields.items()
    )
    assert f"|---|---|---|\n{table}\n\n" in RUNBOOK, f"the table in deploy/RUNBOOK.md should be:\n{table}"


def test_the_alert_on_a_full_queue_fires_at_four_fifths_of_the_limit():
    (rule,) = (rule for rule in RULES if rule["alert"] == "TranslatorQueueNearlyFull")
    assert float(re.search(r"> ([\d.]+)", rule["expr"])[1]) == pytest.approx(
        0.8 * Settings().max_wait_seconds
    )


def test_the_runbook_explains_every_error_status():
    rows = re.findall(r"^\| ([\d, ]+) \| .+ \| .+ \|$", RUNBOOK, re.MULTILINE)
    listed = [status for row in rows for status in row.split(", ")]
    assert len(listed) == len(set(listed))
    operations = [
        one
        for methods in create_app(no_engine, Settings()).openapi()["paths"].values()
        for one in methods.values()
    ]
    declared = {status for operation in operations for status in operation["responses"] if int(status) >= 400}
    assert set(listed) == declared | {str(status) for status in _REASONS} | {"404", "405", "500"}
    assert [reason for reason in REFUSALS if f"`{reason}`" not in RUNBOOK] == []


def test_requests_in_flight_have_time_to_finish():
    grace = int(TRANSLATOR["stop_grace_period"].removesuffix("s"))
    settings = Settings()
    longest = settings.drain_seconds + settings.deadline_seconds + GRACE_SECONDS + _CLOSING_SECONDS
    assert grace > longest
    documented = re.search(r"by\s+default (\d+) s in all", RUNBOOK)
    assert documented, "the runbook does not say how long it takes"
    assert int(documented[1]) == longest


def test_compose_names_files_and_volumes_that_exist():
    created_by_the_operator = {"./models"}
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (
                source in COMPOSE["volumes"] or source in created_by_the_operator or (ROOT / source).exists()
            )
    arguments = re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert set(TRANSLATOR["build"]["args"]) <= set(arguments)


def test_compose_publishes_ports_on_localhost_only_and_drops_privileges():
    for name, service in COMPOSE["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if "build" not in service:
            assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), f"{name} is not pinned"
    assert TRANSLATOR["read_only"] is True


def test_the_dashboard_is_consistent():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    (source,) = read(DEPLOY / "grafana/provisioning/datasources/prometheus.yml")["datasources"]
    used = {panel["datasource"]["uid"] for panel in panels if "datasource" in panel}
    assert used == {source["uid"]}
    cells = [
        (column, row)
        for place in (panel["gridPos"] for panel in panels)
        for column in range(place["x"], place["x"] + place["w"])
        for row in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells)), "panels overlap"
    assert max(column for column, _ in cells) < 24
