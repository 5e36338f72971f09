"""`dev.py`: its plans, output and refusals, without starting anything."""

import ast
import io
import runpy
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import dev
from devtools.console import Console
from devtools.guard import Guard
from devtools.plan import Plan
from devtools.processes import Child
from devtools.settings import Ports
from devtools.stopping import Stop
from devtools.venv import Venv

ROOT = Path(__file__).parents[1]
PORTS = Ports(web=5001, broker=6391, inbox=8026, smtp=1026)


def test_an_older_python_gets_one_clear_line():
    ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 7))
    code = "import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path('dev.py', run_name='__main__')"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Sendcode needs Python 3.11 or newer; this is ")
    assert ended.stderr.count("\n") == 1


def test_it_needs_nothing_but_the_standard_library():
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import dev; print('fine')"
    ended = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("fine\n", "")


def test_the_help_is_short():
    ended = subprocess.run([sys.executable, "dev.py", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0
    assert len(ended.stdout.splitlines()) < 15
    assert all(command in ended.stdout for command in ("run", "test", "bench"))


@pytest.mark.parametrize("arguments", [[], ["walk"], ["run", "--pool", "swimming"], ["run", "--port", "x"]])
def test_a_wrong_command_line_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as refused:
        dev.main(arguments)
    assert refused.value.code == 2
    assert "usage: dev.py" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "spread"),
    [
        ([], True),
        (["-m", "not slow"], True),
        (["-x", "-k", "codes"], True),
        (["tests/api", "--ignore=tests/api/test_fuzz.py"], True),
        (["tests/test_dev.py"], False),
        (["-x", "tests/test_dev.py::test_the_help_is_short"], False),
        (["-n", "2"], False),
        (["-n0"], False),
        (["--numprocesses=2"], False),
        (["--pdb"], False),
    ],
)
def test_tests_are_spread_over_processes_unless_few_are_named_or_the_caller_says_how(
    arguments, spread, monkeypatch
):
    ran = []
    monkeypatch.setattr(dev.Venv, "ensure", lambda *_, **__: None)
    monkeypatch.setattr(dev, "become_module", lambda *command: ran.append(command) or 0)
    assert dev.test(arguments, Console(), Stop()) == 0
    expected = ["-n", "4", "--dist", "loadgroup"] if spread else []
    assert ran == [("pytest", [*expected, *arguments])]


def test_password_and_key_are_shown_only_on_the_first_start():
    first = dev.summary(PORTS, dev.FirstRun("admin@example.com", "one-time", "sk_key"))
    later = dev.summary(PORTS, dev.FirstRun())
    for text in (first, later):
        assert "http://127.0.0.1:5001/cms" in text
        assert "http://127.0.0.1:5001/api/docs" in text
        assert "http://127.0.0.1:8026/" in text
        assert text.endswith("Ctrl-C stops everything.")
    assert "admin@example.com with the one-time password one-time" in first
    assert "sk_key" in first
    assert "password" not in later
    assert "flask admins --help" in later
    assert "flask admins --help" not in first
    assert "Inbox" not in dev.summary(Ports(web=5001), dev.FirstRun())


def test_missing_measurements_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    with pytest.raises(dev.StartError, match="bench"):
        dev.bench([], Console(), Stop())


def test_running_it_as_a_script_goes_through_main(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["dev.py", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "dev.py"), run_name="__main__")
    assert ended.value.code == 0


def test_a_port_lost_to_another_program_is_distinguished_from_a_failure(tmp_path, monkeypatch):
    out = io.StringIO()
    broken = Child("broker", [sys.executable, "-c", "raise SystemExit(1)"], ready=lambda _running: False)
    monkeypatch.setattr(dev, "servers", lambda _plan: [broken])
    monkeypatch.setattr(dev, "services", lambda _plan: [])
    monkeypatch.setattr(dev, "first_run", lambda *_: dev.FirstRun())
    with closing(Guard()) as guard, socket.create_server(("127.0.0.1", 0)) as taken:
        plan = Plan(Venv(tmp_path, Console(), Stop()), Ports(web=taken.getsockname()[1]), {}, "solo")
        assert dev.supervise(plan, Console(out, {}), Stop(), guard) == dev.PORT_LOST
        taken.close()
        assert dev.supervise(plan, Console(out, {}), Stop(), guard) == 1
    assert out.getvalue().count("broker: ended with exit code 1") == 2
