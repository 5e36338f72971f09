import ssl

import kombu
import pytest
import redis

import config
from domain.errors import ConfigurationError

KEYS = {"SECRET_KEY": "s" * 32, "CODE_PEPPER": "p" * 32, "SMS_SENDS_PER_DAY": "100"}


@pytest.fixture(autouse=True)
def no_env_file(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    return tmp_path


def load(**environ):
    return config.load({}, {**KEYS, **environ})


def test_texts_of_the_environment_become_values_of_the_defaults_kind():
    settings = load(CODE_LENGTH="8", MAIL_USE_TLS="yes", SMS_COUNTRIES="cn, de", SERVICE_NAME=" Shop ")
    assert (settings["CODE_LENGTH"], settings["MAIL_USE_TLS"]) == (8, True)
    assert settings["SMS_COUNTRIES"] == ["CN", "DE"]
    assert settings["SERVICE_NAME"] == "Shop"


def test_overrides_come_before_the_environment_and_that_before_the_file(no_env_file):
    (no_env_file / ".env").write_text("SERVICE_NAME=file\nDEFAULT_LOCALE=de\nDEFAULT_REGION=DE\n")
    settings = config.load(
        {"SERVICE_NAME": "override"}, {**KEYS, "SERVICE_NAME": "environment", "DEFAULT_LOCALE": "zh"}
    )
    assert settings["SERVICE_NAME"] == "override"
    assert settings["DEFAULT_LOCALE"] == "zh"
    assert settings["DEFAULT_REGION"] == "DE"
    assert settings["SMS_COUNTRIES"] == ["DE"], "the home region, unless told otherwise"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_env_file_that_windows_wrote_is_understood(no_env_file, encoding):
    (no_env_file / ".env").write_bytes("SERVICE_NAME=Läden\r\nDEFAULT_REGION=DE\r\n".encode(encoding))
    settings = load()
    assert (settings["SERVICE_NAME"], settings["DEFAULT_REGION"]) == ("Läden", "DE")


def test_an_env_file_in_another_encoding_is_refused_in_one_line(no_env_file):
    (no_env_file / ".env").write_bytes("SERVICE_NAME=Läden\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"\.env: must be saved in UTF-8$"):
        load()


def test_commands_beside_a_running_dev_py_have_its_settings(no_env_file, monkeypatch):
    (no_env_file / ".env").write_text("SERVICE_NAME=file\nDEFAULT_REGION=DE\nDEFAULT_LOCALE=de\n")
    told = {"SERVICE_NAME": "run", "DEFAULT_REGION": "AT", "MAIL_SERVER": "127.0.0.1"}
    monkeypatch.setattr(config.setting_files, "running_settings", lambda folder: told)
    settings = load(DEFAULT_REGION="CH", SERVICE_NAME="file")
    assert settings["MAIL_SERVER"] == "127.0.0.1"
    assert settings["DEFAULT_REGION"] == "CH", "the caller's own environment comes first"
    assert settings["SERVICE_NAME"] == "run", "the flask command itself copies .env into the environment"
    assert settings["DEFAULT_LOCALE"] == "de"
    assert settings["DEVELOPMENT"] is True
    assert load(FLASK_SKIP_DOTENV="1")["SERVICE_NAME"] == "Sendcode"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_setting_may_be_in_a_file_of_its_own(tmp_path, end):
    (tmp_path / "key").write_bytes(f"{'k' * 32}, {'l' * 32}{end}".encode())
    (tmp_path / "results").write_bytes(b"redis://:pw@r/1")
    settings = load(
        SECRET_KEY="",
        SECRET_KEY_FILE=str(tmp_path / "key"),
        CELERY_RESULT_BACKEND_FILE=str(tmp_path / "results"),
        SSL_CERT_FILE="/nowhere",
        MAIL_PASSWORD_FILE="",
    )
    assert (settings["SECRET_KEY"], settings["SECRET_KEY_FALLBACKS"]) == ("k" * 32, ["l" * 32])
    assert settings["CELERY_RESULT_BACKEND"] == "redis://:pw@r/1"
    assert "CELERY_RESULT_BACKEND_FILE" not in settings, "Celery would take it for a setting of its own"
    assert settings["MAIL_PASSWORD"] == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"CODE_PEPPER_FILE": "/nowhere"}, "CODE_PEPPER and CODE_PEPPER_FILE are both set: keep one"),
        ({"MAIL_PASSWORD_FILE": "secrets/mail"}, "MAIL_PASSWORD_FILE must be an absolute path"),
        ({"MAIL_PASSWORD_FILE": "/nowhere/at/all"}, "MAIL_PASSWORD_FILE: .*No such file or directory"),
        ({"MAIL_PASSWORD_FILE": "/"}, "MAIL_PASSWORD_FILE: .*directory"),
    ],
)
def test_a_file_that_can_not_be_the_setting_is_refused_by_name(changes, said):
    with pytest.raises(ConfigurationError, match=said):
        load(**changes)


def test_what_is_in_a_file_is_in_no_error(tmp_path):
    (tmp_path / "key").write_text("short secret")
    with pytest.raises(ConfigurationError) as refused:
        load(SECRET_KEY="", SECRET_KEY_FILE=str(tmp_path / "key"))
    assert "SECRET_KEY must be set" in str(refused.value)
    assert "short secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("first_line", "is_development"),
    [("# Made by dev.py for development. A …", True), ("# Copied from .env.example", False)],
)
def test_an_installation_whose_env_file_dev_py_made_is_for_development(
    no_env_file, first_line, is_development
):
    assert load()["DEVELOPMENT"] is False
    (no_env_file / ".env").write_text(f"{first_line}\nSERVICE_NAME=Shop\n")
    assert load()["DEVELOPMENT"] is is_development


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("CODE_PEPPER", ""),
        ("CODE_PEPPER", "p" * 32 + ",short"),
        ("SMS_SENDS_PER_DAY", ""),
        ("CODE_TTL_SECONDS", "601"),
        ("CODE_TTL_SECONDS", "59"),
        ("CODE_LENGTH", "5"),
        ("CODE_ATTEMPTS", "-1"),
        ("CODE_ATTEMPTS", "five"),
        ("MAIL_USE_TLS", "perhaps"),
        ("CELERY_RESULT_EXTENDED", "true"),
        ("MAIL_PORT", "70000"),
    ],
)
def test_an_invalid_setting_is_refused_by_name(name, value):
    with pytest.raises(ConfigurationError, match=name) as refused:
        load(**{name: value})
    assert "\n" not in str(refused.value)
    assert value == "" or len(value) < 10 or value not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new"), [("BROKER_URL", "CELERY_BROKER_URL"), ("CELERY_ALWAYS_EAGER", "CELERY_TASK")]
)
def test_an_old_name_is_refused_with_the_new_one(old, new):
    with pytest.raises(ConfigurationError, match=new):
        load(**{old: "1"})


def test_keys_can_be_rotated_newest_first():
    settings = load(SECRET_KEY=f"{'n' * 32}, {'o' * 32}", CODE_PEPPER=f"{'a' * 32},{'b' * 32}")
    assert (settings["SECRET_KEY"], settings["SECRET_KEY_FALLBACKS"]) == ("n" * 32, ["o" * 32])
    assert settings["CODE_PEPPERS"] == ["a" * 32, "b" * 32]


def test_any_celery_key_is_taken_over_with_its_kind():
    settings = load(
        CELERY_TASK_ALWAYS_EAGER="true",
        CELERY_WORKER_CONCURRENCY="4",
        CELERY_TASK_ROUTES='{"send_mail": {"queue": "email"}}',
        CELERY_RESULT_BACKEND="redis://127.0.0.1/1",
    )
    assert settings["CELERY_TASK_ALWAYS_EAGER"] is True
    assert settings["CELERY_WORKER_CONCURRENCY"] == 4
    assert settings["CELERY_TASK_ROUTES"] == {"send_mail": {"queue": "email"}}
    assert settings["CELERY_RESULT_BACKEND"] == "redis://127.0.0.1/1"


def test_windows_are_shared_through_the_broker_where_it_is_a_redis():
    assert load(CELERY_BROKER_URL="redis://h:1/2")["REDIS_URL"] == "redis://h:1/2"
    assert load(CELERY_BROKER_URL="amqp://h:1//")["REDIS_URL"] == ""
    assert load(CELERY_BROKER_URL="amqp://h:1//", REDIS_URL="redis://h:1/3")["REDIS_URL"] == "redis://h:1/3"


def test_debug_needs_no_keys_and_no_budget():
    settings = config.load({}, {"FLASK_DEBUG": "1"})
    assert len(settings["SECRET_KEY"]) >= config.MINIMUM_KEY_LENGTH
    assert settings["SMS_SENDS_PER_DAY"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEFAULT_REGION", "XX"),
        ("DEFAULT_REGION", "*"),
        ("SMS_COUNTRIES", "CN,CHN"),
        ("SERVICE_NAME", "two\nlines"),
        ("GATEWAYS_FILE", "mistyped.toml"),
        ("CELERY_BROKER_URL", "127.0.0.1:6379"),
        ("CELERY_BROKER_URL", "http://127.0.0.1"),
    ],
)
def test_a_mistyped_country_name_or_file_is_refused_at_the_start(name, value):
    with pytest.raises(ConfigurationError, match=name) as refused:
        load(**{name: value})
    assert "\n" not in str(refused.value)


def test_countries_may_be_written_small_and_as_text():
    assert load(DEFAULT_REGION="de")["SMS_COUNTRIES"] == ["DE"]
    overridden = config.load({"SMS_COUNTRIES": "cn, *"}, KEYS)
    assert overridden["SMS_COUNTRIES"] == ["CN", "*"]


def test_the_usual_gateways_file_and_an_empty_name_may_be_missing():
    assert load()["GATEWAYS_FILE"] == "gateways.toml"
    assert load(GATEWAYS_FILE="")["GATEWAYS_FILE"] == ""


def test_no_limit_of_sends_in_flight_is_the_most_that_one_process_can_hold():
    assert load(SEND_CONCURRENCY="0")["SEND_CONCURRENCY"] == config.BOUNDS["SEND_CONCURRENCY"][1]


def test_every_redis_is_reached_with_celerys_spelling_of_its_certificate(no_env_file):
    url = "rediss://r.example:6380/0?ssl_cert_reqs=CERT_NONE"
    settings = load(CELERY_BROKER_URL=url, CELERY_RESULT_BACKEND=url)
    assert settings["REDIS_URL"] == settings["CELERY_BROKER_URL"] == settings["CELERY_RESULT_BACKEND"]
    client = redis.Redis.from_url(settings["REDIS_URL"])
    client.connection_pool.make_connection()  # redis-py refuses here what it does not understand
    assert kombu.Connection(settings["CELERY_BROKER_URL"]).ssl == {"ssl_cert_reqs": ssl.CERT_NONE}


def test_limits_are_counted_in_the_first_of_several_brokers(no_env_file):
    assert load(CELERY_BROKER_URL="redis://a/0;redis://b/0")["REDIS_URL"] == "redis://a/0"


@pytest.mark.parametrize(
    ("text", "development", "allows"),
    [("", True, True), ("", False, False), ("true", False, True), ("0", True, False), (True, False, True)],
)
def test_events_reach_private_addresses_in_development_only_unless_told(text, development, allows):
    told = {"DEBUG": True, "DEVELOPMENT": development, "WEBHOOK_ALLOW_PRIVATE": text}
    assert config.load(told, {})["WEBHOOK_ALLOW_PRIVATE"] is allows


def test_a_log_has_a_format_that_we_know():
    assert load()["LOG_FORMAT"] == "text"
    assert load(LOG_FORMAT="json")["LOG_FORMAT"] == "json"
    with pytest.raises(ConfigurationError, match=r"^LOG_FORMAT must be text or json$"):
        load(LOG_FORMAT="yaml")
