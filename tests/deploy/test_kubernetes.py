"""The manifests: what kustomize makes of them is valid, hardened, and of settings that exist."""

import os
import re
from typing import Any

import pytest
import yaml

import config
from domain.statuses import Lane
from domain.version import VERSION
from tests.deploy.files import DEPLOY, run, tool

EXAMPLE = DEPLOY / "kubernetes" / "example"
VALIDATE = os.environ.get("KUBERNETES_VALIDATE", "")
"""The command of kubernetes-validate, 22 MB with the schemas of every release."""


@pytest.fixture(scope="module")
def text() -> str:
    done = run(tool("kubectl"), "kustomize", EXAMPLE)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(text: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text))


def of(made: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [one for one in made if one["kind"] in kinds]


@pytest.mark.skipif(not VALIDATE, reason="KUBERNETES_VALIDATE names no kubernetes-validate")
def test_everything_is_of_the_schemas_of_kubernetes(text: str, tmp_path: Any) -> None:
    (tmp_path / "made.yaml").write_text(text)
    done = run(VALIDATE, "--strict", tmp_path / "made.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count(" passed ") + done.stdout.count(" passed ") >= 18


def test_every_pod_is_hardened(made: list[dict[str, Any]]) -> None:
    workloads = of(made, "Deployment", "Job")
    assert len(workloads) == 5
    for workload in workloads:
        pod = workload["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["image"].endswith(f"/sendcode:{VERSION}")
        assert set(container["resources"]) == {"requests", "limits"}
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_selectors_find_the_pods_they_are_for(made: list[dict[str, Any]]) -> None:
    labels = {
        one["metadata"]["name"]: one["spec"]["template"]["metadata"]["labels"].items()
        for one in of(made, "Deployment")
    }
    for one in of(made, "Deployment", "PodDisruptionBudget"):
        wanted = one["spec"]["selector"]["matchLabels"].items()
        assert [name for name, told in labels.items() if wanted <= told] == [one["metadata"]["name"]]
    (service,) = of(made, "Service")
    assert [name for name, told in labels.items() if service["spec"]["selector"].items() <= told] == [
        "sendcode-web"
    ]
    for one in of(made, "HorizontalPodAutoscaler"):
        assert one["spec"]["scaleTargetRef"]["name"] == one["metadata"]["name"]
        assert one["metadata"]["name"] in labels


def test_workers_take_every_lane_and_grow_with_what_is_late_in_it(made: list[dict[str, Any]]) -> None:
    taken, watched = [], []
    for one in of(made, "Deployment"):
        command = one["spec"]["template"]["spec"]["containers"][0].get("command", [])
        taken += command[command.index("-Q") + 1].split(",") if "-Q" in command else []
        assert "replicas" not in one["spec"] or one["metadata"]["name"] == "sendcode-beat"
    for one in of(made, "HorizontalPodAutoscaler"):
        for metric in one["spec"]["metrics"]:
            if metric["type"] == "External":
                assert metric["external"]["metric"]["name"] == "sendcode_oldest_due_seconds"
                watched.append(metric["external"]["metric"]["selector"]["matchLabels"]["lane"])
    assert sorted(taken) == sorted([*Lane, "celery"])
    assert sorted(watched) == sorted(Lane)


OF_OTHERS = {
    *("POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "RABBITMQ_CONFIG_FILE", "REDISCLI_AUTH"),
    *("SENDCODE_SITE", "SENDCODE_WEB", "FIRST_ADMINISTRATOR"),
}
"""Of images of others, of the Caddyfile, and of the compose file's own command."""


def test_every_setting_that_is_named_anywhere_exists(made: list[dict[str, Any]]) -> None:
    (settings,) = of(made, "ConfigMap")
    named = {*settings["data"]}
    for path in [
        *DEPLOY.rglob("*.yaml"),
        *DEPLOY.rglob("*.env"),
        *DEPLOY.rglob("*.service"),
        *DEPLOY.glob("proxy/*"),
    ]:
        named |= set(re.findall(r"\b([A-Z]+_[A-Z0-9_]+)(?:=|: |, value)", path.read_text(encoding="utf-8")))
    known = {*config.DEFAULTS, *(f"{name}_FILE" for name in config.DEFAULTS), *OF_OTHERS}
    assert named - known == set()
    assert named >= {"SECRET_KEY_FILE", "PUBLIC_URL", "GATEWAYS_FILE"}


def test_the_secrets_of_the_manifests_are_those_that_the_overlay_says_how_to_make(
    made: list[dict[str, Any]],
) -> None:
    said = (EXAMPLE / "kustomization.yaml").read_text(encoding="utf-8")
    for workload in of(made, "Deployment", "Job"):
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        for variable in container["env"]:
            folder, _, file = variable["value"].rpartition("/")
            assert folder == "/run/secrets/sendcode"
            assert f"--from-file={file}" in said
