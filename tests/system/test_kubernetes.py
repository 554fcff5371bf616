"""The manifests in deploy/kubernetes, rendered by kustomize: their schemas, and whether they agree with the service."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from fastapi.testclient import TestClient

from service.app import create_app
from service.model_manager import _CLOSING_SECONDS
from service.serving import GRACE_SECONDS
from service.settings import Settings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/kubernetes"
OLDEST, NEWEST = "1.33", "1.37"
"""Versions of Kubernetes: the oldest that mounts images by default, and the newest whose schemas are known."""
CUSTOM_KINDS = {"Gateway", "HTTPRoute", "PrometheusRule", "ScaledObject", "ServiceMonitor"}
"""Their schemas are not part of Kubernetes; the tests below check each of them by hand."""
VARIANTS = {
    "cpu": ["cpu"],
    "gpu": ["gpu"],
    "with a gateway and a model from an image": ["cpu", "components/gateway", "components/model-image"],
    "with a model from a volume": ["cpu", "components/model-volume"],
    "base": ["base"],
}
INTERNAL = {"/metrics", "/healthz", "/readyz", "/admin/reload"}
KUSTOMIZE = next(
    (command for command in (["kustomize", "build"], ["kubectl", "kustomize"]) if shutil.which(command[0])),
    None,
)
pytestmark = pytest.mark.skipif(
    KUSTOMIZE is None, reason="neither kustomize nor kubectl was found; install one"
)


def no_engine() -> Any:
    raise AssertionError("nothing here loads a model")


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(no_engine, Settings()))


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The objects of a variant, by kind."""
    overlay, *components = VARIANTS[request.param]
    folder = tmp_path_factory.mktemp("overlay")
    between = {name: os.path.relpath(FOLDER / name, folder) for name in (overlay, *components)}
    kustomization = {"resources": [between[overlay]], "components": [between[name] for name in components]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return by_kind(render(folder))


def render(folder: Path) -> str:
    assert KUSTOMIZE is not None
    rendered = subprocess.run([*KUSTOMIZE, folder], check=False, capture_output=True, text=True)
    assert rendered.returncode == 0, rendered.stderr
    return rendered.stdout


def by_kind(rendered: str) -> dict[str, Any]:
    objects = list(yaml.safe_load_all(rendered))
    kinds = {one["kind"]: one for one in objects}
    assert len(kinds) == len(objects)
    return kinds


@functools.cache
def overlay(name: str) -> dict[str, Any]:
    return by_kind(render(FOLDER / name))


def pod(kinds: dict[str, Any]) -> Any:
    return kinds["Deployment"]["spec"]["template"]["spec"]


def container(kinds: dict[str, Any]) -> Any:
    (only,) = pod(kinds)["containers"]
    return only


def settings_of(kinds: dict[str, Any]) -> Settings:
    """The service's settings in a variant; raises if one does not exist or is invalid."""
    values = {
        one["name"].removeprefix("TRANSLATOR_").lower(): one["value"]
        for one in container(kinds)["env"]
        if "value" in one and one["name"].startswith("TRANSLATOR_")
    }
    return Settings(**values)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_objects_follow_the_schemas_of_kubernetes(variant: dict[str, Any], version: str) -> None:
    checked = {kind: one for kind, one in variant.items() if kind not in CUSTOM_KINDS}
    assert {"Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service"} <= set(checked)
    for one in checked.values():
        kubernetes_validate.validate(one, version, strict=True)


def test_a_misspelt_field_is_found() -> None:
    deployment = overlay("cpu")["Deployment"]
    deployment = {**deployment, "spec": {**deployment["spec"], "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        kubernetes_validate.validate(deployment, NEWEST, strict=True)


def test_each_component_is_in_a_variant() -> None:
    used = {name for names in VARIANTS.values() for name in names}
    used |= {
        f"components/{Path(name).name}"
        for overlay in ("cpu", "gpu")
        for name in yaml.safe_load((FOLDER / overlay / "kustomization.yaml").read_text())["components"]
    }
    assert {f"components/{folder.name}" for folder in (FOLDER / "components").iterdir()} <= used


def test_requests_in_flight_have_time_to_finish(variant: dict[str, Any]) -> None:
    settings = settings_of(variant)
    longest = settings.drain_seconds + settings.deadline_seconds + GRACE_SECONDS + _CLOSING_SECONDS
    assert pod(variant)["terminationGracePeriodSeconds"] > longest
    readiness = container(variant)["readinessProbe"]
    assert settings.drain_seconds > readiness["periodSeconds"] * readiness["failureThreshold"]


def test_the_runbook_says_how_long_the_drain_is() -> None:
    text = (FOLDER / "base/deployment.yaml").read_text()
    settings = settings_of(overlay("base"))
    longest = settings.drain_seconds + settings.deadline_seconds + GRACE_SECONDS + _CLOSING_SECONDS
    assert f"here {longest:g} s" in text


def test_probes_ask_what_the_service_answers(variant: dict[str, Any], client: TestClient) -> None:
    main = container(variant)
    probes = {name: main[f"{name}Probe"] for name in ("startup", "readiness", "liveness")}
    paths = {name: probe["httpGet"]["path"] for name, probe in probes.items()}
    assert paths == {"startup": "/readyz", "readiness": "/readyz", "liveness": "/healthz"}
    # While the model loads, the process is alive and not ready.
    assert client.get(paths["liveness"]).status_code == 200
    assert client.get(paths["readiness"]).status_code == 503
    (port,) = main["ports"]
    assert port["containerPort"] == Settings().port
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {port["name"]}


def test_variables_are_settings(variant: dict[str, Any]) -> None:
    names = [one["name"] for one in container(variant)["env"]]
    known = {f"TRANSLATOR_{name.upper()}" for name in Settings.model_fields}
    assert set(names) - known == {"OMP_NUM_THREADS"}
    assert settings_of(variant)
    by_name = {one["name"]: one.get("valueFrom") for one in container(variant)["env"]}
    for secret in ("TRANSLATOR_API_KEYS", "TRANSLATOR_LIMITS_URL", "TRANSLATOR_SHARED_CACHE_SECRET"):
        assert by_name[secret]["secretKeyRef"]["optional"] is True
    assert by_name["OMP_NUM_THREADS"] == {"resourceFieldRef": {"resource": "requests.cpu"}}


def test_a_model_comes_from_a_mounted_folder(variant: dict[str, Any]) -> None:
    mounts = {Path(one["mountPath"]): one for one in container(variant)["volumeMounts"]}
    volumes = {one["name"] for one in pod(variant)["volumes"]}
    assert {mount["name"] for mount in mounts.values()} == volumes
    settings = settings_of(variant)
    assert settings.data in mounts
    if settings.model is not None:
        (mount,) = (mounts[one] for one in (settings.model, *settings.model.parents) if one in mounts)
        assert mount["readOnly"] is True


def test_pods_have_no_privileges(variant: dict[str, Any]) -> None:
    (user,) = re.findall(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    spec, main = pod(variant), container(variant)
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == int(user)
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert main["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()


def test_everything_selects_these_pods_only(variant: dict[str, Any]) -> None:
    deployment = variant["Deployment"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    selectors = [
        deployment["selector"]["matchLabels"],
        variant["Service"]["spec"]["selector"],
        variant["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        variant["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        *(one["labelSelector"]["matchLabels"] for one in pod(variant)["topologySpreadConstraints"]),
    ]
    assert all(selector and selector.items() <= labels.items() for selector in selectors)


def test_a_rollout_and_a_drained_node_leave_enough_pods(variant: dict[str, Any]) -> None:
    deployment = variant["Deployment"]["spec"]
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    scaler = variant.get("ScaledObject")
    # With a scaler, a number of replicas here would undo its work.
    least = scaler["spec"]["minReplicaCount"] if scaler else deployment["replicas"]
    assert not scaler or "replicas" not in deployment
    assert least > variant["PodDisruptionBudget"]["spec"]["maxUnavailable"]
    spread = {one["topologyKey"] for one in pod(variant)["topologySpreadConstraints"]}
    assert spread == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}


def test_ports_lead_to_the_service(variant: dict[str, Any]) -> None:
    (port,) = variant["Service"]["spec"]["ports"]
    assert port["targetPort"] == container(variant)["ports"][0]["name"]


def test_the_gpu_overlay_takes_one_gpu_and_refuses_to_do_without() -> None:
    assert container(overlay("gpu"))["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert settings_of(overlay("gpu")).device == "cuda"
    assert "nvidia.com/gpu" not in container(overlay("cpu"))["resources"]["limits"]


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_the_scaler_asks_for_metrics_of_the_service(name: str, client: TestClient) -> None:
    kinds = overlay(name)
    scaler = kinds["ScaledObject"]
    assert scaler["apiVersion"] == "keda.sh/v1alpha1"
    spec = scaler["spec"]
    assert spec["scaleTargetRef"] == {"name": kinds["Deployment"]["metadata"]["name"]}
    assert spec["minReplicaCount"] < spec["maxReplicaCount"]
    metrics = client.get("/metrics").text
    for trigger in spec["triggers"]:
        assert set(trigger) <= {"type", "name", "metricType", "metadata"}
        assert all(isinstance(value, str) for value in trigger["metadata"].values())  # or KEDA refuses it
        if trigger["type"] == "prometheus":
            (metric,) = re.findall(r"translator_\w+(?={)", trigger["metadata"]["query"])
            assert f"# TYPE {metric} gauge" in metrics
            assert 'namespace="translator"' in trigger["metadata"]["query"]
    queue, busy = spec["triggers"]
    assert float(queue["metadata"]["threshold"]) < settings_of(kinds).max_wait_seconds
    assert (busy["type"], busy["name"]) == (("cpu", "cores") if name == "cpu" else ("prometheus", "decoding"))


def test_the_monitor_finds_the_service_and_names_its_job_as_the_alerts_do(client: TestClient) -> None:
    kinds = overlay("cpu")
    monitor, service = kinds["ServiceMonitor"], kinds["Service"]
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    labels = service["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]
    assert client.get(endpoint["path"]).status_code == 200
    jobs = set(re.findall(r'job="(\w+)"', (ROOT / "deploy/alerts.yml").read_text()))
    assert jobs == {labels[monitor["spec"]["jobLabel"]]}


def test_the_alerts_are_those_of_prometheus() -> None:
    rule = overlay("cpu")["PrometheusRule"]
    assert rule["apiVersion"] == "monitoring.coreos.com/v1"
    assert rule["spec"] == yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())


def test_the_gateway_shows_all_routes_but_the_internal_ones(client: TestClient) -> None:
    folder = FOLDER / "components/gateway"
    gateway, route = (yaml.safe_load((folder / name).read_text()) for name in ("gateway.yaml", "route.yaml"))
    assert gateway["apiVersion"] == route["apiVersion"] == "gateway.networking.k8s.io/v1"
    (listener,) = gateway["spec"]["listeners"]
    assert (listener["protocol"], listener["tls"]["mode"]) == ("HTTPS", "Terminate")
    assert route["spec"]["hostnames"] == [listener["hostname"]]
    service = overlay("cpu")["Service"]
    backend = {"name": service["metadata"]["name"], "port": service["spec"]["ports"][0]["port"]}
    for rule in route["spec"]["rules"]:
        assert len(rule["matches"]) <= 8  # the most that the Gateway API allows
        assert rule["backendRefs"] == [backend]
        assert int(rule["timeouts"]["request"].removesuffix("s")) > Settings().deadline_seconds
    matches = [match["path"] for rule in route["spec"]["rules"] for match in rule["matches"]]
    documented = set(client.get("/openapi.json").json()["paths"])
    assert documented >= INTERNAL
    shown = {path for path in documented if any(is_match(match, path) for match in matches)}
    assert documented - shown == INTERNAL
    for path in ("/", "/static/app.js", "/docs", "/docs/assets/x.js", "/openapi.json"):
        assert any(is_match(match, path) for match in matches)


def is_match(match: dict[str, str], path: str) -> bool:
    """Whether a path matches, as the Gateway API defines it: prefixes are of whole elements."""
    value = match["value"]
    return path == value or (match["type"] == "PathPrefix" and path.startswith(f"{value}/"))
