"""The settings that a development start writes, and those that its children get."""

import json
import os
import stat
import tomllib
from contextlib import closing

import pytest

from devtools.lock import Lock
from devtools.settings import (
    Ports,
    child_environment,
    complete_env_file,
    keep_env_file_readable,
    read_env_file,
    write_gateways,
    write_running,
)
from domain.setting_files import is_development, running_settings

PORTS = Ports(web=5001, broker=6391, inbox=8026, smtp=1026)


def test_a_missing_env_file_is_made_with_random_keys_for_the_owner_only(tmp_path):
    first, second = tmp_path / "a.env", tmp_path / "b.env"
    assert complete_env_file(first, {}) == ["SECRET_KEY", "CODE_PEPPER", "SMS_SENDS_PER_DAY"]
    complete_env_file(second, {})
    values = read_env_file(first)
    assert len(bytes.fromhex(values["SECRET_KEY"])) >= 32
    assert len(bytes.fromhex(values["CODE_PEPPER"])) >= 32
    assert values["SMS_SENDS_PER_DAY"] == "1000"
    assert len({values["SECRET_KEY"], values["CODE_PEPPER"], *read_env_file(second).values()}) == 5
    assert first.read_text().startswith("# Made by dev.py for development")
    if os.name == "posix":
        assert stat.S_IMODE(first.stat().st_mode) == 0o600


def test_an_env_file_only_gets_what_it_and_the_environment_lack(tmp_path):
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=mine  # keep\nMAIL_SERVER=mail.example.com")
    assert complete_env_file(path, {"CODE_PEPPER": "from the environment"}) == ["SMS_SENDS_PER_DAY"]
    assert path.read_text().startswith("SECRET_KEY=mine  # keep\nMAIL_SERVER=mail.example.com\n")
    assert read_env_file(path) == {
        "SECRET_KEY": "mine",
        "MAIL_SERVER": "mail.example.com",
        "SMS_SENDS_PER_DAY": "1000",
    }


def test_a_key_in_a_file_of_its_own_is_not_made(tmp_path):
    assert complete_env_file(tmp_path / ".env", {"SECRET_KEY_FILE": "/run/secrets/key"}) == [
        "CODE_PEPPER",
        "SMS_SENDS_PER_DAY",
    ]


def test_a_complete_env_file_is_left_as_it_is(tmp_path):
    path = tmp_path / ".env"
    complete_env_file(path, {})
    before = path.read_bytes()
    assert complete_env_file(path, {}) == []
    assert path.read_bytes() == before


def test_an_empty_value_counts_as_missing(tmp_path):
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=\nCODE_PEPPER=x\nSMS_SENDS_PER_DAY=5\n")
    assert complete_env_file(path, {}) == ["SECRET_KEY"]
    assert len(read_env_file(path)["SECRET_KEY"]) == 64


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  export A = b ", "b"),
        ("A='b # c'", "b # c"),
        ('A="b"  # why', "b"),
        ("A=b # why", "b"),
        ("A=b#c", "b#c"),
        ("A=", ""),
        ("A= # nothing", ""),
        ("A=x=y", "x=y"),
    ],
)
def test_env_lines_are_read_as_python_dotenv_reads_them(tmp_path, line, value):
    from dotenv import dotenv_values

    path = tmp_path / ".env"
    path.write_text(f"# a comment\n\n{line}\n")
    assert read_env_file(path) == {"A": value} == dict(dotenv_values(path))


def test_children_get_our_own_parts_where_the_user_says_nothing():
    env = child_environment({"PATH": "/bin"}, {}, PORTS, gateways="/here/dev-gateways.toml")
    assert env["PATH"] == "/bin"
    assert env["CELERY_BROKER_URL"] == env["REDIS_URL"] == "redis://127.0.0.1:6391/0"
    assert (env["MAIL_SERVER"], env["MAIL_PORT"]) == ("127.0.0.1", "1026")
    assert env["GATEWAYS_FILE"] == "/here/dev-gateways.toml"
    assert env["PUBLIC_URL"] == "http://127.0.0.1:5001"
    assert (env["SMS_COUNTRIES"], env["DEFAULT_REGION"]) == ("*", "CN")
    assert (env["PYTHONUTF8"], env["PYTHONUNBUFFERED"]) == ("1", "1")


def test_the_users_own_values_are_never_changed():
    environ = {"MAIL_SERVER": "mail.example.com", "SMS_COUNTRIES": "DE"}
    stored = {"PUBLIC_URL": "https://code.example.com", "CELERY_BROKER_URL": "redis://cache.example.com/3"}
    env = child_environment(environ, stored, Ports(web=5001, inbox=8026, smtp=1026))
    assert env["MAIL_SERVER"] == "mail.example.com"
    assert env["SMS_COUNTRIES"] == "DE"
    assert env["REDIS_URL"] == "redis://cache.example.com/3"
    assert not {"MAIL_PORT", "MAIL_DEFAULT_SENDER", "PUBLIC_URL", "CELERY_BROKER_URL", "GATEWAYS_FILE"} & set(
        env
    )


def test_a_broker_other_than_redis_is_not_used_for_limits():
    env = child_environment({"CELERY_BROKER_URL": "amqp://localhost"}, {}, Ports(web=5001))
    assert "REDIS_URL" not in env
    assert "MAIL_SERVER" not in env


def test_the_gateways_file_follows_the_inbox_and_keeps_its_secret(tmp_path):
    path = tmp_path / "instance" / "dev-gateways.toml"
    write_gateways(path, 8025)
    (first,) = tomllib.loads(path.read_text())["gateway"]
    write_gateways(path, 8026)
    (second,) = tomllib.loads(path.read_text())["gateway"]
    assert first["url"] == "http://127.0.0.1:8025/sms"
    assert second["url"] == "http://127.0.0.1:8026/sms"
    assert len(first["secret"]) == 64
    assert {**first, "url": ""} == {**second, "url": ""}
    assert (first["name"], first["channel"], first["type"]) == ("inbox", "sms", "http")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_an_env_file_that_windows_wrote_is_understood_and_saved_so_that_flask_reads_it(tmp_path, encoding):
    path = tmp_path / ".env"
    path.write_bytes("SECRET_KEY=mine\r\nSERVICE_NAME=Läden\r\n".encode(encoding))
    assert read_env_file(path) == {"SECRET_KEY": "mine", "SERVICE_NAME": "Läden"}
    assert keep_env_file_readable(path)
    assert path.read_text(encoding="utf-8").split() == ["SECRET_KEY=mine", "SERVICE_NAME=Läden"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert complete_env_file(path, {}) == ["CODE_PEPPER", "SMS_SENDS_PER_DAY"]
    assert read_env_file(path)["SERVICE_NAME"] == "Läden"
    assert not keep_env_file_readable(path)


def test_an_env_file_that_gets_keys_of_ours_is_closed_to_others(tmp_path):
    path = tmp_path / ".env"
    path.write_text("SERVICE_NAME=Shop\n")
    path.chmod(0o644)
    complete_env_file(path, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_missing_env_file_needs_no_other_encoding(tmp_path):
    assert not keep_env_file_readable(tmp_path / ".env")


@pytest.fixture
def running(tmp_path):
    """The folder of a run that goes on, and the settings it wrote down."""
    (tmp_path / ".env.example").write_text("# MAIL_SERVER=\n# CELERY_BROKER_URL=\nSECRET_KEY=\n")
    (tmp_path / "gateways.toml").write_text('[[gateway]]\nsecret = "${MAIN_SECRET}"\n')
    env = {"PATH": "/bin", "MAIL_SERVER": "127.0.0.1", "CELERY_BROKER_URL": "redis://127.0.0.1:6391/0"}
    env |= {"CELERY_TASK_IGNORE_RESULT": "false", "MAIN_SECRET": "s3", "HOME": "/root", "FLASK_DEBUG": "1"}
    with closing(Lock(tmp_path / "instance" / "dev.lock")) as lock:
        lock.take()
        yield (
            tmp_path,
            lock,
            write_running(tmp_path, env),
            {name: value for name, value in env.items() if name not in ("PATH", "HOME")},
        )


def test_a_run_writes_down_its_settings_and_no_other_variable(running):
    folder, _, path, settings = running
    assert running_settings(folder) == settings
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert is_development(folder)


def test_settings_of_a_run_that_has_ended_are_ignored(running, monkeypatch):
    folder, lock, path, settings = running
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "pid": 999_999_999}))
    assert running_settings(folder) == {}, "it was killed, and its parts are ending"
    path.write_text(json.dumps(told))
    assert running_settings(folder) == settings
    lock.close()
    assert running_settings(folder) == {}, "its number belongs to another process by now"
    assert not is_development(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"pid": "1", "settings": {}}', '{"pid": 1, "settings": 2}']
)
def test_a_file_that_no_run_wrote_is_ignored(running, text):
    folder, _, path, _ = running
    path.write_text(text)
    assert running_settings(folder) == {}


def test_asking_for_a_run_does_not_keep_the_next_one_from_starting(running):
    folder, lock, _, _ = running
    lock.close()
    running_settings(folder)
    with closing(Lock(folder / "instance" / "dev.lock")) as next_lock:
        next_lock.take()
