"""The compose files: of the specification's schema, complete, and with secrets that fit together."""

import json
import re
import runpy
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import pytest

import config
from app import create_app
from domain.errors import ConfigurationError
from domain.statuses import Lane
from domain.version import VERSION
from exts import db
from tests.deploy.files import DEPLOY, documents

SCHEMA = Path(__file__).with_name("compose-spec.json")
"""Of github.com/compose-spec/compose-spec at 170098b, Apache-2.0."""
FILES = ["compose.yaml", "compose.override.yaml"]
OURS = ("setup", "web", "worker-codes", "worker-bulk", "beat")


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    (document,) = documents(DEPLOY / name)
    return document


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"]
    return found


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_of_the_schema(name: str) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    found = [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(compose(name))]
    assert found == []


@pytest.mark.parametrize("name", FILES)
def test_what_is_named_is_there(name: str) -> None:
    document, base = compose(name), compose()
    for service, told in document["services"].items():
        for other in told.get("depends_on", {}):
            assert other in base["services"], service
        for network in told.get("networks", []):
            assert network in base["networks"], service
        for volume in told.get("volumes", []):
            source = volume.split(":")[0]
            if source == "./config":
                continue  # the operator's
            assert (DEPLOY / source).exists() if source.startswith("./") else source in base["volumes"], (
                service
            )


def test_workers_take_every_lane_once_and_the_tasks_of_schedules(services: dict[str, Any]) -> None:
    commands = [services[name]["command"] for name in OURS if name.startswith("worker")]
    taken = [lane for command in commands for lane in command[command.index("-Q") + 1].split(",")]
    assert sorted(taken) == sorted([*Lane, "celery"])


@pytest.mark.parametrize("name", ["secrets", *OURS])
def test_a_container_of_ours_can_write_nothing_and_become_nobody_else(
    services: dict[str, Any], name: str
) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service["image"] == f"sendcode:${{SENDCODE_VERSION:-{VERSION}}}"


def test_only_the_proxy_is_reached_from_outside(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    inbox = compose("compose.override.yaml")["services"]["inbox"]
    assert inbox["ports"] == ["127.0.0.1:${INBOX_PORT:-8025}:8025"]
    assert compose()["networks"]["servers"] == {"internal": True}
    for name in ("postgres", "valkey", "rabbitmq"):
        assert services[name]["networks"] == ["servers"]


def test_servers_do_not_see_the_keys_of_codes(services: dict[str, Any]) -> None:
    for name, service in services.items():
        mounted = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert ("secrets" in mounted) == (name in ("secrets", *OURS)), name
        assert ("server-secrets" in mounted) == (name in ("secrets", "postgres", "valkey", "rabbitmq")), name


@pytest.mark.parametrize("broker", ["valkey", "rabbitmq"])
def test_the_secrets_are_made_once_and_start_the_application(
    services: dict[str, Any], tmp_path: Path, broker: str
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
    main = runpy.run_path(str(DEPLOY / "compose" / "make_secrets.py"))["main"]
    main(ours, theirs)
    made = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o444}
    main(ours, theirs)
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == made

    override = compose("compose.override.yaml")["services"]
    development = override["web"]["environment"]
    assert all(override[name]["environment"] == development for name in OURS)
    told = {
        name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", text.replace("${BROKER:-valkey}", broker))
        .replace("/run/sendcode", str(ours))
        .replace("/run/inbox.toml", str(DEPLOY / "compose" / "inbox.toml"))
        for name, text in {
            **settings_in(DEPLOY / "compose" / "defaults.env"),
            **services["web"]["environment"],
            **development,
        }.items()
    }
    loaded = config.load({}, {**told, "FLASK_SKIP_DOTENV": "1"})
    assert loaded["SECRET_KEY"] == (ours / "secret_key").read_text()
    app = create_app({**loaded, "TESTING": True}, doors=())
    with app.app_context():
        assert db.engine.url.password == (theirs / "postgres_password").read_text()
        assert db.engine.url.host in services
    url = urlsplit(loaded["CELERY_BROKER_URL"])
    assert url.hostname == broker
    assert url.password == (theirs / f"{broker}_password").read_text()
    assert url.password in (theirs / f"{broker}.conf").read_text()
    assert urlsplit(loaded["REDIS_URL"]).hostname == "valkey"


def test_production_starts_only_with_settings_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 32)
    told = settings_in(DEPLOY / "compose" / "defaults.env")
    keys = {"SECRET_KEY_FILE": str(tmp_path / "key"), "CODE_PEPPER_FILE": str(tmp_path / "key")}
    with pytest.raises(ConfigurationError, match="SMS_SENDS_PER_DAY must be set"):
        config.load({}, {**told, **keys, "FLASK_SKIP_DOTENV": "1"})


def settings_in(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
