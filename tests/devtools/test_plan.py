"""The ports, processes and gateways of a run."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from devtools.console import Console
from devtools.plan import (
    Plan,
    StartError,
    choose_gateways,
    choose_ports,
    extras,
    servers,
    services,
)
from devtools.settings import Ports
from devtools.stopping import Stop
from devtools.venv import Venv

ROOT = Path(__file__).parents[2]
PORTS = Ports(web=5001, broker=6391, inbox=8026, smtp=1026)


@pytest.fixture
def plan(tmp_path):
    return Plan(Venv(tmp_path, Console(), Stop()), PORTS, {"A": "b"}, "solo")


@pytest.mark.parametrize(
    ("user", "needed"),
    [
        ({}, []),
        ({"SQLALCHEMY_DATABASE_URI": "sqlite:///x.db", "TELEMETRY": "false"}, []),
        ({"SQLALCHEMY_DATABASE_URI": "postgresql+psycopg://u@h/d"}, ["requirements/extras.txt"]),
        ({"SQLALCHEMY_DATABASE_URI": "mysql+pymysql://u@h/d"}, ["requirements/extras.txt"]),
        ({"TELEMETRY": "1"}, ["requirements/telemetry.txt"]),
    ],
)
def test_drivers_and_telemetry_are_installed_only_where_wanted(user, needed):
    assert extras(user) == needed
    assert all((ROOT / file).is_file() for file in needed)


def test_parts_that_the_user_brings_get_no_port():
    ports = choose_ports({"CELERY_BROKER_URL": "amqp://localhost"}, inbox=False)
    assert (ports.broker, ports.inbox, ports.smtp) == (0, 0, 0)
    assert ports.web >= 5000


def test_every_part_gets_a_port_of_its_own():
    ports = choose_ports({})
    assert len({ports.web, ports.broker, ports.inbox, ports.smtp}) == 4


def test_a_taken_port_chosen_by_the_user_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"Port {port} is taken"):
            choose_ports({}, port)


def test_children_start_as_on_a_production_machine(plan):
    children = services(plan)
    commands = {child.name: child.command for child in children}
    assert list(commands) == ["worker", "beat", "web"]
    assert commands["worker"][:4] == [plan.venv.script("celery"), "-A", "tasks.celery", "worker"]
    assert "--pool=solo" in commands["worker"]
    assert commands["beat"][:4] == [plan.venv.script("celery"), "-A", "tasks.celery", "beat"]
    assert commands["web"][1:] == ["--listen=127.0.0.1:5001", "--threads=16", "--call", "app:create_app"]
    assert all(child.env == {"A": "b"} for child in children)


@pytest.mark.parametrize(
    ("ports", "names"),
    [
        (PORTS, ["broker", "inbox"]),
        (Ports(web=5001, inbox=8026, smtp=1026), ["inbox"]),
        (Ports(web=5001, broker=6391), ["broker"]),
        (Ports(web=5001), []),
    ],
)
def test_broker_and_inbox_start_only_where_they_are_ours(plan, ports, names):
    assert [child.name for child in servers(replace(plan, ports=ports))] == names


def test_the_users_own_gateways_file_is_kept(tmp_path):
    assert choose_gateways(tmp_path, {"GATEWAYS_FILE": "mine.toml"}, PORTS) == ""
    assert choose_gateways(tmp_path, {}, Ports(web=5001)) == ""
    ours = Path(choose_gateways(tmp_path, {}, PORTS))
    assert ours == tmp_path / "instance" / "dev-gateways.toml"
    assert "127.0.0.1:8026/sms" in ours.read_text()
    (tmp_path / "gateways.toml").write_text("")
    assert choose_gateways(tmp_path, {}, PORTS) == ""
