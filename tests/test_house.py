"""Tests about the code itself: which folder may import which, and what every module must have."""

import ast
import inspect
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import flask_migrate
import pytest

import config
from channels.making import TYPES
from exts import db
from services.account import accounts, authenticator_setup, passkey_setup, preferences, second_factor
from services.codes import default_chains, verifications
from services.gateways import gateway_switches
from services.hooks import hooks, trials
from services.keys import api_keys, key_rotation, twilio_tokens
from services.limits import pumping_list, safe_prefixes
from services.messaging import messages, suppression_lists, suppressions
from services.people import administrators
from services.roster import editing
from services.scheduling import schedules
from services.sign_in import sessions
from services.templating import templates
from services.test_numbers import test_numbers
from services.test_sends import gateway_tests, template_tests
from services.traffic import bulk_acts, bulk_cancels, disclosures
from services.webhooks import deliveries, endpoints

ROOT = Path(__file__).resolve().parent.parent
DOORS = {"api", "hooks", "twilio_api", "cms", "commands", "tasks"}
MAY_IMPORT = {
    "domain": {"domain"},
    "config": {"domain"},
    "exts": set(),
    "channels": {"channels", "domain"},
    "models": {"models", "exts", "domain"},
    "services": {"services", "models", "channels", "exts", "domain"},
    "tasks": {"services", "domain", "exts"},
    "hooks": {"hooks", "services", "domain", "exts"},
    "api": {"api", "services", "domain", "exts"},
    "twilio_api": {"twilio_api", "services", "domain", "exts"},
    "cms": {"cms", "services", "domain", "exts"},
    "commands": {"commands", "services", "domain", "exts"},
    "serving": {"serving", "domain"},
    "app": {
        "serving",
        "api",
        "hooks",
        "twilio_api",
        "cms",
        "commands",
        "tasks",
        "services",
        "models",
        "channels",
        "exts",
        "config",
        "domain",
    },
}
OURS = set(MAY_IMPORT) | {"devtools", "tests", "dev", "bench", "migrations"}
CLIENT = "clients/python/src"
NO_WEB_NO_SQL = {"flask", "sqlalchemy", "celery", "redis", "urllib3", "smtplib", "requests", "socket", "exts"}
TOWERS = {
    "channels": (
        *(
            "gateway",
            "options",
            "receipts",
            "sockets",
            "memory",
            "signatures",
            "placeholders",
            "answers",
            "reports",
            "email",
            "http",
            "provider",
            "bounces",
            "sms",
        ),
        *("presets", "fields", "making", "registry"),
    ),
    "cms": (
        *("errors", "access", "frame", "sign_in", "people", "account", "keys", "hooks", "webhooks"),
        *("audit", "figures", "limits", "test_numbers"),
        *("templating", "traffic", "search", "codes", "gateways", "messaging", "scheduling"),
    ),
    "services": (
        *("storage", "process", "audit", "roster", "typed", "profiles", "steps", "events", "languages"),
        *("templating", "outbox", "figures", "telemetry", "limits", "test_numbers", "codes", "gateways"),
        *("alarms", "webhooks"),
        *("delivery", "keys", "people", "sign_in", "account", "messaging", "sheets", "hooks", "traffic"),
        *("request_log", "search"),
        *("scheduling", "test_sends", "first_steps", "idempotency", "retention", "backups", "doctor", "demo"),
    ),
}
"""The subfolders and files of a folder, lowest first: each imports only from those before it."""
ONE_LOOK_UP = {("tasks.py", "app")}
"""`tasks.celery` imports the application on demand, once, for the command line."""
LONGEST = {"config.py": 300}
"""A list more than code: every setting with its default."""
parsed_once = pytest.mark.xdist_group("source")
"""For tests that parse all files: one process parses them for all of these tests."""
AUDITED = (
    *(
        accounts,
        administrators,
        api_keys,
        authenticator_setup,
        bulk_acts,
        bulk_cancels,
        disclosures,
        gateway_switches,
        gateway_tests,
    ),
    *(key_rotation, messages, preferences, pumping_list, safe_prefixes, schedules, second_factor, sessions),
    passkey_setup,
    *(suppression_lists, suppressions, endpoints, deliveries, twilio_tokens, hooks, trials),
    *(editing, default_chains, template_tests, templates, test_numbers, verifications),
)


def files(*names):
    for name in names:
        path = ROOT / f"{name}.py"
        yield from [path] if path.exists() else sorted((ROOT / name).rglob("*.py"))


@cache
def text_of(path):
    return path.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Source:
    """What the tests ask about a file, read and parsed once."""

    imports: tuple[tuple[str, bool], ...]
    """The top-level names that it imports, and whether each import is inside a function."""
    modules: tuple[str, ...]
    """The dotted names that it imports; a name taken from a package counts as a module of its own."""
    undocumented: tuple[str, ...]
    """What is public and has no docstring; an empty name for the file itself."""


@cache
def source(path):
    tree = ast.parse(text_of(path))
    found, modules = [], []
    for node, hidden in statements(tree.body):
        if isinstance(node, ast.Import):
            found += [(alias.name.split(".")[0], hidden) for alias in node.names]
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the layer"
            found.append(((node.module or "").split(".")[0], hidden))
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    undocumented = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    if tree.body and not ast.get_docstring(tree):
        undocumented.append("")
    return Source(tuple(found), tuple(modules), tuple(undocumented))


def statements(body, hidden=False):
    """Yield all statements, and whether each is inside a function; most of a tree are expressions, which have none."""
    for node in body:
        yield node, hidden
        inside = hidden or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from statements(getattr(node, name, ()), inside)


def imports(path):
    return source(path).imports


def modules(path):
    return source(path).modules


def climbing(room, storeys, sources):
    """Return the imports of `sources`, pairs of path and imported names, that don't lead to a lower folder."""
    found = []
    for path, names in sources:
        own = storeys.index(path.relative_to(ROOT / room).parts[0].removesuffix(".py"))
        for name in names:
            top, _, rest = name.partition(".")
            storey = rest.partition(".")[0]
            if top == room and storey in storeys[own + 1 :]:
                found.append(f"{path.relative_to(ROOT)} imports {name}")
    return found


@parsed_once
@pytest.mark.parametrize("room", TOWERS)
def test_each_folder_of_a_room_imports_only_lower_ones(room):
    sources = [
        (path, modules(path)) for path in files(room) if path.parent != ROOT / room or path.stem != "__init__"
    ]
    assert {path.relative_to(ROOT / room).parts[0].removesuffix(".py") for path, _ in sources} == set(
        TOWERS[room]
    )
    assert climbing(room, TOWERS[room], sources) == []


def test_every_link_of_a_template_leads_to_a_view(app):
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = text_of(path)
        for name, glued in re.findall(r"""url_for\(\s*["']([^"']+)["']\s*(~?)""", text):
            known = name in app.view_functions
            begins = glued and any(view.startswith(name) for view in app.view_functions)
            assert known or begins, f"{path.relative_to(ROOT)} links to {name}"


@pytest.mark.parametrize("room", [*TOWERS, "templates/cms"])
def test_a_room_of_folders_has_few_files_of_its_own(room):
    assert len([path for path in (ROOT / room).iterdir() if path.is_file()]) <= 12


def test_an_import_that_climbs_is_found():
    low, high = ROOT / "services" / "storage" / "rows.py", ROOT / "services" / "demo" / "rows.py"
    storeys = TOWERS["services"]
    assert climbing("services", storeys, [(low, ["services.demo.rows"])])
    assert climbing("services", storeys, [(low, ["services.codes"]), (high, [])])
    assert not climbing(
        "services", storeys, [(high, ["services.storage.rows", "services.demo.days", "domain.codes"])]
    )


@parsed_once
@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_go_downwards_only(room):
    for path in files(room):
        for name, _ in imports(path):
            if name in OURS and (path.name, name) not in ONE_LOOK_UP:
                assert name in MAY_IMPORT[room], f"{path.relative_to(ROOT)} imports {name}"


@parsed_once
def test_no_import_is_hidden_in_a_function():
    for path in files(*MAY_IMPORT):
        for name, hidden in imports(path):
            if name in OURS and (path.name, name) not in ONE_LOOK_UP:
                assert not hidden, f"{path.relative_to(ROOT)} imports {name} inside a function"


@parsed_once
def test_domain_imports_no_web_no_sql_and_no_network():
    for path in files("domain"):
        assert not {name for name, _ in imports(path)} & NO_WEB_NO_SQL, path


@parsed_once
def test_the_client_imports_nothing_of_the_service():
    for path in files(CLIENT):
        assert not {name for name, _ in imports(path)} & OURS, path


@parsed_once
def test_gateways_import_no_application():
    for path in files("channels"):
        assert not {name for name, _ in imports(path)} & {"flask", "sqlalchemy", "celery"}, path


def test_only_services_commit():
    rooms = ("api", "hooks", "twilio_api", "cms", "commands", "tasks", "app", "models", "channels", "domain")
    for path in files(*rooms):
        assert ".commit(" not in text_of(path), path


def test_the_audit_is_only_ever_added_to():
    for path in files(*MAY_IMPORT, "devtools", "dev"):
        text = text_of(path)
        name = path.relative_to(ROOT).as_posix()
        if name == "services/audit/trail.py":
            assert not re.search(r"\b(update|delete|merge|execute|text)\(", text)
        elif name not in ("models/audit_entry.py", "models/__init__.py"):
            assert "AuditEntry" not in text, name
            assert "audit_entry" not in text, name


def test_pages_name_the_actor_of_a_change():
    """Without an actor, a service records the command line as the actor."""
    for path in files("cms"):
        for node in ast.walk(ast.parse(text_of(path))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            for service in AUDITED:
                called = getattr(service, node.func.attr, None)
                if (
                    ast.unparse(node.func.value) in (service.__name__.rpartition(".")[2], "service")
                    and called
                ):
                    wanted = {"by", "client_ip"} & set(inspect.signature(called).parameters)
                    assert wanted <= {keyword.arg for keyword in node.keywords}, f"{path.name}:{node.lineno}"


def test_there_is_no_room_for_odds_and_ends():
    rooms = [path.stem for path in files(*MAY_IMPORT, "devtools")]
    assert not {"utils", "util", "helpers", "helper", "common", "misc", "managers", "manager"} & set(rooms)


def test_no_module_has_grown_too_long_to_read():
    for path in files(*MAY_IMPORT, "devtools", "dev", CLIENT):
        lines = len(text_of(path).splitlines())
        name = path.relative_to(ROOT).as_posix()
        assert lines <= LONGEST.get(name, 250), f"{name} has {lines} lines"


@parsed_once
def test_every_public_thing_says_what_it_does():
    for path in files(*MAY_IMPORT, "devtools", "dev", CLIENT):
        for name in source(path).undocumented:
            pytest.fail(f"{path.relative_to(ROOT)}: {name or 'the file'} has no docstring")


def test_every_time_has_a_time_zone():
    for path in files(*MAY_IMPORT):
        assert not re.search(r"utcnow|utcfromtimestamp|datetime\.now\(\)", text_of(path)), path


def test_every_setting_is_in_the_example():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in config.DEFAULTS:
        assert re.search(rf"^#?\s?{name}=", example, re.MULTILINE), f"{name} is missing in .env.example"
    for name in re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE):
        assert name in config.DEFAULTS or name.startswith("CELERY_"), f"{name} in .env.example is no setting"


def test_every_gateway_type_is_in_the_example():
    example = (ROOT / "gateways.example.toml").read_text(encoding="utf-8")
    for name in TYPES:
        assert f'type = "{name}"' in example


def test_every_task_has_an_explicit_name(app):
    celery = app.extensions["celery"]
    ours = {name: task for name, task in celery.tasks.items() if not name.startswith("celery.")}
    assert {"sendcode.drain", "send_mail", "ccp_send_sms_code"} <= set(ours)
    assert not [name for name in ours if name.startswith(("tasks.", "services."))]


def test_every_queue_of_the_worker_is_a_lane_or_the_default(app):
    queues = {queue.name for queue in app.extensions["celery"].conf.task_queues}
    assert queues == {"celery", "sms", "email", "bulk"}


def test_migrations_make_exactly_the_tables_of_the_models(app, tmp_path):
    with app.app_context():
        db.drop_all()
        flask_migrate.upgrade()
        flask_migrate.check()


def test_docs_and_code_name_no_path_of_a_machine():
    endings = (".md", ".py", ".toml", ".html", ".txt", ".in", ".example")
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if name not in (".venv", "node_modules", ".git", "__pycache__")]
        for path in (Path(folder, name) for name in names if name.endswith(endings)):
            if path != Path(__file__):
                assert "/work/" + "main" not in path.read_text(encoding="utf-8", errors="replace"), path


@pytest.mark.slow
@pytest.mark.parametrize("command", ["ruff check .", "ruff format --check .", "mypy"])
def test_the_tools_find_nothing(command):
    done = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
