"""Run or test Sendcode with one command; needs Python 3.11 and nothing else.

python3 dev.py run       everything on this machine: web, worker, clock, broker, inbox
python3 dev.py test      the whole test suite; with -m "not slow" what every commit needs
python3 dev.py flask …   any flask command, with the settings of the running `dev.py run`
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this line enforces it
    sys.exit(f"Sendcode needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")

import argparse
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from devtools.console import Console
from devtools.greeting import FirstRun, shown_once, summary
from devtools.guard import Guard
from devtools.lock import AlreadyRunningError, Lock
from devtools.plan import (
    EXTRAS,
    TELEMETRY,
    Plan,
    StartError,
    choose_gateways,
    choose_ports,
    extras,
    servers,
    services,
)
from devtools.processes import run_to_end
from devtools.readiness import is_free
from devtools.settings import (
    child_environment,
    complete_env_file,
    keep_env_file_readable,
    read_env_file,
    write_running,
)
from devtools.stopping import Stop, StoppedError
from devtools.supervisor import ChildFailedError, Supervisor
from devtools.venv import InstallError, Venv
from domain.errors import ConfigurationError
from domain.setting_files import running_settings

ROOT = Path(__file__).resolve().parent
SERVICE = "requirements.txt"
EMBEDDED = "requirements/embedded.txt"
GREEN = "requirements/green.txt"
BENCH = "requirements/bench.txt"
FLASK = "import sys; from flask.cli import main; sys.argv[0] = 'python3 dev.py flask'; main()"
"""The `flask` command, which calls itself in its help as it was called."""
TESTS, BROWSER = "requirements/tests.txt", "requirements/browser.txt"
PORT_LOST = -1
GREEN_POOLS = ("gevent", "eventlet")
POOLS = ("solo", "threads", "prefork", *GREEN_POOLS)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    console, stop = Console(), Stop()
    stop.listen()
    try:
        if command == "test":
            return test(rest, console, stop)
        if command == "bench":
            return bench(rest, console, stop)
        if command == "flask":
            return flask(rest, Console(sys.stderr), stop)
        return run(parse(arguments), console, stop)
    except StoppedError:
        return 0
    except (InstallError, AlreadyRunningError, StartError, ConfigurationError) as error:
        console.say(str(error))
        return 1


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line of `run`; its help covers all commands."""
    parser = argparse.ArgumentParser(prog="dev.py", description="Run or test Sendcode on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="run | test | flask | bench")
    runs = commands.add_parser("run", help="start everything; Ctrl-C stops it")
    runs.add_argument("--port", type=int, help="the web service's port (default: 5000 or the next free one)")
    runs.add_argument(
        "--pool", choices=POOLS, default="solo", help="how the worker runs tasks (default: solo)"
    )
    runs.add_argument("--no-inbox", action="store_true", help="no development inbox for mail and SMS")
    commands.add_parser("test", help="run the tests; other arguments go to pytest")
    commands.add_parser("flask", help="any flask command, with the settings of the running `dev.py run`")
    commands.add_parser("bench", help="run the measurements; other arguments go to bench")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, console: Console, stop: Stop) -> int:
    """Set up, start every part, show the addresses, and wait until asked to stop."""
    with closing(Lock(ROOT / "instance" / "dev.lock")) as lock:
        lock.take()
        with closing(Guard(keep_open=(lock.descriptor,))) as guard:
            if keep_env_file_readable(ROOT / ".env"):
                console.say("saved .env again in UTF-8: flask reads no other encoding")
            user = read_env_file(ROOT / ".env") | os.environ
            venv = Venv(ROOT, console, stop, guard)
            green = [GREEN] if options.pool in GREEN_POOLS else []
            venv.ensure([SERVICE, *extras(user), *green], best_effort=[EMBEDDED])
            written = complete_env_file(ROOT / ".env", os.environ)
            if written:
                console.say(f"wrote {', '.join(written)} to .env")
            while True:
                ports = choose_ports(user, options.port, inbox=not options.no_inbox)
                gateways = choose_gateways(ROOT, user, ports)
                env = child_environment(os.environ, read_env_file(ROOT / ".env"), ports, gateways)
                running = write_running(ROOT, env)
                try:
                    code = supervise(Plan(venv, ports, env, options.pool), console, stop, guard)
                finally:
                    running.unlink(missing_ok=True)
                if code != PORT_LOST:
                    return code
                console.say("another program has just taken a port: starting again with other ports")


def supervise(plan: Plan, console: Console, stop: Stop, guard: Guard) -> int:
    """Start the planned parts, wait until asked to stop, and leave nothing behind."""
    supervisor = Supervisor(ROOT, console, stop, guard)
    first = FirstRun()
    try:
        supervisor.start(*servers(plan))
        first = first_run(plan, console, stop, guard)
        supervisor.start(*services(plan))
        supervisor.wait_until_ready()
        console.block(summary(plan.ports, first))
        first = FirstRun()
        return supervisor.watch()
    except (StartError, ChildFailedError) as error:
        console.say(str(error))
        supervisor.stop()
        return 1 if all(is_free(port) for port in plan.ports.ours()) else PORT_LOST
    finally:
        if first.api_key or first.email:  # show them even if the start fails later: they are not shown again
            console.block("\n".join(shown_once(first)))
        console.say("stopping everything")
        supervisor.stop()
        console.say("stopped")


def first_run(plan: Plan, console: Console, stop: Stop, guard: Guard) -> FirstRun:
    """Migrate the database; make an administrator and an API key if there are none yet."""
    console.say("preparing the database")
    command = [str(plan.venv.python), "-m", "devtools.first_run"]
    ended = run_to_end(command, ROOT, stop, guard, plan.env)
    if ended.code:
        raise StartError(
            f"{ended.last_lines()}\nThe database could not be prepared; the lines above say why."
        )
    made = json.loads(ended.stdout.splitlines()[-1])
    for warning in made["warnings"]:
        console.say(f"warning: {warning}")
    administrator = made["administrator"] or {"email": "", "password": ""}
    return FirstRun(administrator["email"], administrator["password"], made["api_key"] or "")


def test(arguments: Sequence[str], console: Console, stop: Stop) -> int:
    """Install what the tests need and run pytest."""
    with closing(Guard()) as guard:
        best_effort = [EMBEDDED, GREEN, BROWSER]
        Venv(ROOT, console, stop, guard).ensure([SERVICE, EXTRAS, TELEMETRY, TESTS], best_effort=best_effort)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process compiles each test, a minute in all
    return become_module("pytest", [*workers(arguments), *arguments])


def workers(arguments: Sequence[str]) -> list[str]:
    """Spread the tests over processes, unless a few are named or the caller says how."""
    told = ("-n", "--numprocesses", "--pdb", "--trace")
    few = any(".py" in argument and not argument.startswith("-") for argument in arguments)
    is_told = any(argument.startswith(told) for argument in arguments)
    return [] if few or is_told else ["-n", "4", "--dist", "loadgroup"]


def bench(arguments: Sequence[str], console: Console, stop: Stop) -> int:
    """Run the measurements."""
    if not (ROOT / "bench" / "__main__.py").exists():
        raise StartError("There are no measurements (bench/) in this copy.")
    with closing(Guard()) as guard:
        Venv(ROOT, console, stop, guard).ensure([SERVICE, EXTRAS, TELEMETRY, BENCH], best_effort=[EMBEDDED])
    return become_module("bench", arguments)


def flask(arguments: Sequence[str], console: Console, stop: Stop) -> int:
    """Run a `flask` command in the caller's folder; only its own output goes to stdout."""
    running = running_settings(ROOT)
    if not running:
        with closing(Guard()) as guard:
            user = read_env_file(ROOT / ".env") | os.environ
            Venv(ROOT, console, stop, guard).ensure([SERVICE, *extras(user)], best_effort=[EMBEDDED])
        complete_env_file(ROOT / ".env", os.environ)
    stored = read_env_file(ROOT / ".env")
    environ = {**stored, **running, **os.environ, "FLASK_SKIP_DOTENV": "1"}
    return become(["-c", FLASK, "--app", str(ROOT / "app.py"), *arguments], Path.cwd(), environ)


def become_module(module: str, arguments: Sequence[str]) -> int:
    """Replace this process with a module's program."""
    return become(["-m", module, *arguments])


def become(arguments: Sequence[str], folder: Path = ROOT, environ: Mapping[str, str] | None = None) -> int:
    """Replace this process with another of Python, so that signals and the exit code are its own."""
    python = str(Venv(ROOT, Console(), Stop()).python)
    command = [python, *arguments]
    os.chdir(folder)
    os.environ.update(environ or {}, PYTHONUTF8="1")
    if sys.platform == "win32":  # Windows can't replace a process, so wait for the other program
        return subprocess.call(command)
    os.execv(python, command)  # noqa: S606
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
