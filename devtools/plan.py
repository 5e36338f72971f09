"""The parts of one run: ports, processes and gateways."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devtools.processes import Child
from devtools.readiness import answers_http, answers_ping, free_port, is_free, says
from devtools.settings import Ports, write_gateways
from devtools.venv import Venv

GATEWAYS = "instance/dev-gateways.toml"
EXTRAS, TELEMETRY = "requirements/extras.txt", "requirements/telemetry.txt"


class StartError(Exception):
    """Raised when a start fails; the text says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """How the parts of one run are started."""

    venv: Venv
    ports: Ports
    env: Mapping[str, str]
    pool: str


def extras(user: Mapping[str, str]) -> list[str]:
    """Return the requirements files of what the user's settings want and the service itself does not need."""
    has_server = user.get("SQLALCHEMY_DATABASE_URI", "").startswith(("postgres", "mysql", "mariadb"))
    is_on = user.get("TELEMETRY", "").lower() in ("1", "true", "yes", "on")
    return [EXTRAS] * has_server + [TELEMETRY] * is_on


def choose_ports(user: Mapping[str, str], port: int | None = None, *, inbox: bool = True) -> Ports:
    """Find a free port for each part that we start. Raises StartError if the user's choice is taken."""
    if port and not is_free(port):
        raise StartError(f"Port {port} is taken by another program: stop it, or choose another --port.")
    try:
        web = port or free_port(5000)
        broker = 0 if user.get("CELERY_BROKER_URL") else free_port(6390, taken=(web,))
        http = free_port(8025, taken=(web, broker)) if inbox else 0
        smtp = free_port(1025, taken=(web, broker, http)) if inbox else 0
    except OSError as error:
        raise StartError(f"There is {error}. Stop another program, or choose a --port.") from error
    return Ports(web=web, broker=broker, inbox=http, smtp=smtp)


def choose_gateways(root: Path, user: Mapping[str, str], ports: Ports) -> str:
    """Write a gateways file for the inbox and return its path, unless the user has a file of their own."""
    if not ports.inbox or user.get("GATEWAYS_FILE") or (root / "gateways.toml").exists():
        return ""
    write_gateways(root / GATEWAYS, ports.inbox)
    return str(root / GATEWAYS)


def servers(plan: Plan) -> list[Child]:
    """List the children that must be up before the service starts: a broker and an inbox, where they are ours."""
    module = [str(plan.venv.python), "-m"]
    broker, inbox, smtp = (str(port) for port in (plan.ports.broker, plan.ports.inbox, plan.ports.smtp))
    children = []
    if plan.ports.broker:
        command = [*module, "devtools.broker", "--port", broker, "--data", "instance/broker"]
        ready = answers_ping(plan.ports.broker)
        children.append(Child("broker", command, plan.env, ready, hush="Memory overcommit must be enabled"))
    if plan.ports.inbox:
        command = [*module, "devtools.inbox", "--port", inbox, "--smtp-port", smtp]
        ready = answers_http(f"http://127.0.0.1:{inbox}/healthz")
        children.append(Child("inbox", command, plan.env, ready))
    return children


def services(plan: Plan) -> list[Child]:
    """List the service's own processes, started as in production."""
    celery = [plan.venv.script("celery"), "-A", "tasks.celery"]
    worker = [
        *celery,
        "worker",
        f"--pool={plan.pool}",
        "--loglevel=INFO",
        "--without-gossip",
        "--without-mingle",
    ]
    beat = [*celery, "beat", "--loglevel=INFO"]
    address = f"127.0.0.1:{plan.ports.web}"
    web = [
        plan.venv.script("waitress-serve"),
        f"--listen={address}",
        "--threads=16",
        "--call",
        "app:create_app",
    ]
    return [
        Child("worker", worker, plan.env, says("ready.")),
        Child("beat", beat, plan.env, says("beat: Starting")),
        Child("web", web, plan.env, answers_http(f"http://{address}/healthz")),
    ]
