"""The doctor's findings, with real servers where a check needs one."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from app import DOORS, create_app
from channels.email.mail_settings import MailSettings
from channels.email.smtp import SmtpGateway
from channels.making import Maker
from channels.memory import MemoryGateway
from channels.registry import Gateways, load_gateways
from domain.gateway_errors import TemporaryGatewayError
from domain.keyring import Keyring
from domain.statuses import Channel, Lane
from domain.version import VERSION
from exts import db
from models import Webhook
from services import doctor
from services.doctor import Level, database, endpoints, files, processes, reports, servers, settings, versions
from services.doctor.findings import bounded, ok, why
from services.gateways import gateway_switches, unknown_words
from services.process import parts
from services.process.housekeeping import Housekeeping, say_alive
from services.process.parts import part
from services.roster import editing
from services.roster.roster import Roster
from services.webhooks import endpoints as webhooks
from tests.live.processes import Broker
from tests.servers.smtp import SmtpServer
from tests.servers.thread import ServerThread, closed_port, silence

SECRET = "s3kr1t"


class SilentServer(ServerThread):
    """A server that accepts connections and says nothing."""

    async def converse(self, reader, writer):
        await silence()


@pytest.fixture
def doors():
    """Open the doors, unlike the other tests of services."""
    return DOORS


@pytest.fixture
def migrated(app):
    """The application on a database created by the migrations."""
    with app.app_context():
        db.drop_all()
        db.session.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
        db.session.commit()
        upgrade()
    return app


@pytest.fixture
def broker(tmp_path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as started:
        yield started


def found(check):
    """Return level and text of each finding."""
    return [(finding.level, finding.text) for finding in check()]


def only(check):
    (finding,) = found(check)
    return finding


def texts(check, level=Level.WARN):
    return "\n".join(text for its, text in found(check) if its is level)


def configured(app, **changes):
    app.config.update(changes)
    return app


def with_gateways(app, *gateways):
    parts.put(app, Gateways(list(gateways)))


# the report as a whole


def test_a_healthy_installation_has_no_failure(migrated, broker):
    configured(migrated, REDIS_URL=broker.url)
    migrated.extensions["celery"].conf.broker_url = broker.url
    with migrated.app_context():
        say_alive(db.engine, "worker", [lane.value for lane in Lane], datetime.now(UTC))
        say_alive(db.engine, "beat", [], datetime.now(UTC))
    report = list(doctor.examine(migrated))
    assert [finding for finding in report if finding.level is Level.FAIL] == []
    names = {finding.name for finding in report}
    assert names >= {
        "python",
        "packages",
        "settings",
        "database",
        "broker",
        "limits",
        "worker",
        "beat",
        "clock",
    }
    assert names >= {"gateway memory-sms", "gateway memory-mail"}
    asked = next(finding.text for finding in report if finding.name == "broker")
    assert asked.startswith(f"redis at 127.0.0.1:{urlsplit(broker.url).port}, "), (
        "which broker, without its password"
    )


def test_a_broken_installation_is_reported_in_bounded_time_without_secrets(settings, tmp_path):
    dead = closed_port()
    settings |= {
        "SQLALCHEMY_DATABASE_URI": f"postgresql+psycopg://user:{SECRET}@127.0.0.1:{dead}/x",
        "CELERY_BROKER_URL": f"redis://:{SECRET}@127.0.0.1:{dead}/0",
        "REDIS_URL": f"redis://:{SECRET}@127.0.0.1:{dead}/0",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": dead,
        "MAIL_USERNAME": "user",
        "MAIL_PASSWORD": SECRET,
        "MAIL_DEFAULT_SENDER": "no-reply@example.org",
    }
    began = time.monotonic()
    report = list(doctor.examine(create_app(settings)))
    assert time.monotonic() - began < 60
    failed = {finding.name: finding.text for finding in report if finding.level is Level.FAIL}
    assert failed == {
        "database": "connection refused (SQLALCHEMY_DATABASE_URI)",
        "broker": "connection refused (CELERY_BROKER_URL)",
        "limits": "connection refused (REDIS_URL)",
        "gateway smtp": "the mail server was not reached: Connection refused (MAIL_SERVER, MAIL_PORT)",
    }
    assert SECRET not in repr(report)
    assert settings["SECRET_KEY"] not in repr(report)


def test_a_check_that_hangs_or_breaks_has_failed(app):
    def hang():
        time.sleep(2)
        yield ok("slow", "never told")

    def broken():
        raise RuntimeError(SECRET)
        yield

    (slow,) = bounded(app, "slow", hang, seconds=0.1)
    (other,) = bounded(app, "other", broken)
    assert (slow.level, slow.text) == (Level.FAIL, "no answer within 0.1 s")
    assert (other.level, other.text) == (Level.FAIL, "RuntimeError")


# versions


def requirements(folder: Path, pinned: str, supported: str = "") -> Path:
    (folder / "requirements").mkdir()
    (folder / "requirements.txt").write_text(pinned, encoding="utf-8")
    (folder / "requirements" / "service.in").write_text(f"# why\n{supported}\n", encoding="utf-8")
    return folder


def test_packages_as_tested_are_fine(app):
    with app.app_context():
        assert only(versions.check_packages)[0] is Level.OK
    assert only(versions.check_python)[0] is Level.OK
    assert only(versions.check_sendcode) == (Level.OK, VERSION)


@pytest.mark.parametrize(
    ("pinned", "supported", "level", "said"),
    [
        ("flask==99.1  # via us", "Flask>=3", Level.WARN, "tested with 99.1"),
        ("flask==99.1 \\\n    --hash=sha256:0a\n    # via us", "Flask>=3", Level.WARN, "tested with 99.1"),
        ("flask==99.1", "Flask~=99.0", Level.FAIL, "not supported: needs ~=99.0"),
        ("no-such-package-here==1.0", "", Level.FAIL, "is not installed"),
        ("no-such-package-here==1.0 ; sys_platform == 'amiga'\nflask>=3", "", Level.OK, "1 as tested"),
        ("", "", Level.WARN, "not compared"),
    ],
)
def test_other_packages_are_reported(tmp_path, pinned, supported, level, said):
    folder = requirements(tmp_path, pinned, supported)
    told, text = only(lambda: versions.check_packages(folder))
    assert told is level
    assert said in text


# settings


def test_careful_settings_have_no_findings(app):
    with configured(
        app, CELERY_TASK_ALWAYS_EAGER=False, PUBLIC_URL="https://codes.example.org", TRUSTED_PROXIES=1
    ).app_context():
        assert found(settings.check_settings) == [(Level.OK, "complete")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SECRET_KEY": "a" * 40}, "SECRET_KEY can be guessed"),
        ({"CODE_PEPPERS": ["ab" * 20]}, "CODE_PEPPER can be guessed"),
        ({"DEBUG": True}, "FLASK_DEBUG is on"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL is not set"),
        ({"PUBLIC_URL": "http://codes.example.org"}, "PUBLIC_URL is not https"),
        ({"PUBLIC_URL": "https://codes.example.org", "TRUSTED_PROXIES": 0}, "TRUSTED_PROXIES is 0"),
        ({"PUBLIC_URL": "codes.example.org"}, "PUBLIC_URL must begin with https://"),
        ({"PUBLIC_URL": "http://127.0.0.1:8000"}, "PUBLIC_URL leads to this machine only"),
        ({"PUBLIC_URL": "https://ann:pw@codes.example.org"}, "PUBLIC_URL holds a user name"),
        ({"SMS_SENDS_PER_DAY": 0}, "SMS_SENDS_PER_DAY is 0"),
        ({"SMS_SENDS_PER_DAY": None}, "SMS_SENDS_PER_DAY is not set"),
        ({"GIVEN_NAMES": ["MAIL_SEVER"]}, "MAIL_SEVER is not a setting: is MAIL_SERVER meant?"),
        ({"GIVEN_NAMES": ["REDIS_URI"]}, "REDIS_URI is not a setting: is REDIS_URL meant?"),
        ({"GIVEN_NAMES": ["MAIL_USE_STARTTLS"]}, "is MAIL_USE_TLS meant?"),
        ({"GIVEN_NAMES": ["CELERY_TASK_ACK_LATE"]}, "is CELERY_TASK_ACKS_LATE meant?"),
        (
            {"GIVEN_NAMES": ["CELERY_BROKER_ULR"], "CELERY_BROKER_ULR": "redis://x"},
            "CELERY_BROKER_ULR is not a setting: is CELERY_BROKER_URL meant?",
        ),
        ({"CELERY_TASK_ALWAYS_EAGER": True}, "CELERY_TASK_ALWAYS_EAGER"),
        ({"MAIL_SERVER": "mail.example.org", "MAIL_USERNAME": "me"}, "password is sent in clear"),
    ],
)
def test_an_unwise_setting_is_named(app, changes, said):
    with configured(app, **changes).app_context():
        assert said in texts(settings.check_settings)


def test_two_keys_should_differ(app):
    with configured(app, SECRET_KEY=app.config["CODE_PEPPERS"][0]).app_context():
        assert "should differ" in texts(settings.check_settings)


def test_missing_gateways_are_reported(app):
    with_gateways(app)
    with app.app_context():
        said = texts(settings.check_settings)
    assert "(GATEWAYS_FILE, or the console)" in said
    assert "(MAIL_SERVER)" in said


def test_a_gateway_that_was_added_and_can_not_be_used_is_named(app, context):
    editing.add(editing.form_for("http", "sms"), "own", {"url": "http://127.0.0.1:9/", "secret": "hush"})
    with_gateways(app, *part(Roster).given())
    parts.put(app, Keyring(["another code pepper, long enough to be taken"]), Roster(app))
    said = texts(settings.check_settings)
    assert "gateway own can't be used" in said
    assert "hush" not in said


# the database


def test_a_migrated_database_is_written_to_and_left_unchanged(migrated):
    with migrated.app_context():
        level, text = only(database.check_database)
        assert (level, db.session.scalar(sa.text("SELECT count(*) FROM lease"))) == (Level.OK, 0)
    assert "written in" in text
    assert text.split()[0] in ("SQLite", "PostgreSQL", "MariaDB", "MySQL")


def test_a_database_behind_its_migrations_is_reported_with_the_command(migrated):
    with migrated.app_context():
        db.session.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
        db.session.commit()
        level, text = only(database.check_database)
    assert level is Level.FAIL
    assert "migrated to 0001" in text
    assert "flask --app app db upgrade" in text


def test_a_database_without_tables_is_reported_with_the_command(app):
    with app.app_context():
        db.drop_all()
        db.session.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
        db.session.commit()
        level, text = only(database.check_database)
        db.create_all()
    assert level is Level.FAIL
    assert "migrated to nothing" in text


@pytest.mark.slow
def test_a_locked_database_can_not_be_written(migrated, tmp_path):
    with migrated.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("only SQLite locks the whole file")
        with db.engine.connect() as connection:
            connection.execute(sa.text("BEGIN IMMEDIATE"))
            level, text = only(database.check_database)
            connection.rollback()
    assert level is Level.FAIL
    assert "locked" in text


# broker, limits store, gateways


def test_a_broker_that_answers_is_fine(app, broker):
    app.extensions["celery"].conf.broker_url = broker.url
    with app.app_context():
        assert only(servers.check_broker)[0] is Level.OK


def test_a_silent_broker_times_out(app, monkeypatch):
    monkeypatch.setattr(servers, "SECONDS", 0.3)
    with SilentServer() as server:
        url = f"redis://:{SECRET}@127.0.0.1:{server.port}/0"
        app.extensions["celery"].conf.broker_url = url
        with configured(app, REDIS_URL=url).app_context():
            assert only(servers.check_broker) == (Level.FAIL, "did not answer in time (CELERY_BROKER_URL)")
            assert only(servers.check_limits_store) == (Level.FAIL, "did not answer in time (REDIS_URL)")


def test_a_refused_login_is_reported(app, broker):
    broker.ask("CONFIG", "SET", "requirepass", "another")
    url = f"redis://:{SECRET}@127.0.0.1:{broker.port}/0"
    app.extensions["celery"].conf.broker_url = url
    with configured(app, REDIS_URL=url).app_context():
        assert only(servers.check_broker) == (Level.FAIL, "refused the login (CELERY_BROKER_URL)")
        assert only(servers.check_limits_store) == (Level.FAIL, "refused the login (REDIS_URL)")


@pytest.mark.parametrize("command", ["brpop", "lpush", "hset", "zadd", "hdel"])
def test_a_user_that_lacks_a_permission_of_a_worker_is_reported(app, broker, command):
    broker.ask("ACL", "SETUSER", "limited", "on", f">{SECRET}", "~*", "&*", "+@all", f"-{command}")
    app.extensions["celery"].conf.broker_url = f"redis://limited:{SECRET}@127.0.0.1:{broker.port}/0"
    with app.app_context():
        told = only(servers.check_broker)
    assert told == (Level.FAIL, f"the user may not run {command.upper()} (CELERY_BROKER_URL)")


def test_the_check_of_the_broker_leaves_nothing_behind(app, broker):
    app.extensions["celery"].conf.broker_url = broker.url
    with app.app_context():
        list(servers.check_broker())
    assert "doctor" not in str(broker.ask("KEYS", "*"))


def test_a_limits_store_that_evicts_keys_is_reported(app, broker):
    with configured(app, REDIS_URL=broker.url).app_context():
        assert [level for level, _ in found(servers.check_limits_store)] == [Level.OK]
        broker.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        assert "set noeviction" in texts(servers.check_limits_store)


def test_a_missing_limits_store_is_reported(app):
    with configured(app, REDIS_URL="").app_context():
        assert only(servers.check_limits_store)[0] is Level.WARN


def test_gateways_are_reached_and_sent_nothing(app):
    with SmtpServer() as server:
        mail = MailSettings(server.host, server.port, default_sender="no-reply@example.org")
        with_gateways(app, SmtpGateway(mail))
        with app.app_context():
            ((name, check),) = servers.gateway_checks()
            level, text = only(check)
        assert server.mails == []
    assert (name, level) == ("gateway smtp", Level.OK)
    assert str(server.port) in text


@pytest.mark.parametrize(
    ("reason", "setting"),
    [
        ("the mail server refused the login (535)", "(MAIL_USERNAME, MAIL_PASSWORD)"),
        (
            "the mail server's certificate is not trusted: expired",
            "(MAIL_SERVER, MAIL_USE_TLS, MAIL_USE_SSL)",
        ),
        ("the mail server was not reached in time", "(MAIL_SERVER, MAIL_PORT)"),
    ],
)
def test_a_failing_mail_server_is_reported_with_its_settings(app, reason, setting):
    broken = MemoryGateway("smtp", Channel.EMAIL)
    broken.failures.append(TemporaryGatewayError(reason))
    with_gateways(app, broken)
    with configured(app, MAIL_SERVER="mail.example.org").app_context():
        ((_, check),) = servers.gateway_checks()
        assert only(check) == (Level.FAIL, f"{reason} {setting}")


def test_a_failing_provider_is_reported_with_its_table(app):
    broken = MemoryGateway("main", Channel.SMS)
    broken.failures.append(TemporaryGatewayError("no answer"))
    with_gateways(app, broken)
    with app.app_context():
        ((_, check),) = servers.gateway_checks()
        assert only(check) == (Level.FAIL, "no answer ('main' in GATEWAYS_FILE or in the console)")


def test_a_failing_provider_that_is_switched_off_is_a_warning(app):
    broken = MemoryGateway("main", Channel.SMS)
    broken.failures.append(TemporaryGatewayError("no answer"))
    with_gateways(app, broken)
    with app.app_context():
        gateway_switches.switch_off("main", is_meant=True)
        ((_, check),) = servers.gateway_checks()
        told = "switched off, and no answer ('main' in GATEWAYS_FILE or in the console)"
        assert only(check) == (Level.WARN, told)


def test_names_that_are_no_misspelt_settings_are_left_alone(app):
    names = [
        "PATH",
        "MAIL",
        "HOSTNAME",
        "REDIS_PORT",
        "MAIN_SECRET",
        "SECRET_KEY",
        "MAIL_SERVER",
        "LANGUAGE",
        "LS_COLORS",
    ]
    names += [
        "CELERY_TASK_ACKS_LATE",
        "CELERY_WORKER_CONCURRENCY",
        "SMTP_SERVER",
        "FLASK_DEBUG",
        "FLASK_APP",
        "MAIL_PASSWORD_FILE",
        "CELERY_BROKER_URL_FILE",
        "TZ",
    ]
    with configured(app, GIVEN_NAMES=names).app_context():
        assert "is not a setting" not in texts(settings.check_settings)


@pytest.mark.parametrize(
    ("allowed", "served", "told"),
    [
        (["CN", "DE"], [{"DE"}], "no gateway serves CN of SMS_COUNTRIES"),
        (["CN", "DE", "FR"], [{"DE"}, {"US"}], "no gateway serves CN, FR of SMS_COUNTRIES"),
        (["*"], [{"DE"}, {"CN"}], "SMS_COUNTRIES is *, but gateways serve only CN, DE"),
        (["CN", "DE"], [{"DE"}, {"CN"}], ""),
        (["CN", "DE"], [{"DE"}, set()], ""),
        (["*"], [set()], ""),
    ],
)
def test_a_country_that_no_gateway_serves_is_reported(app, mails, allowed, served, told):
    with_gateways(
        app, mails, *(MemoryGateway(f"g{n}", countries=frozenset(one)) for n, one in enumerate(served))
    )
    with configured(app, SMS_COUNTRIES=allowed).app_context():
        found_text = texts(settings.check_settings)
    assert told in found_text
    assert bool(told) == ("serve" in found_text)


@pytest.mark.parametrize(
    ("mode", "level"), [(0o644, Level.WARN), (0o604, Level.WARN), (0o640, Level.OK), (0o600, Level.OK)]
)
def test_files_that_everybody_may_read_are_reported(app, mode, level):
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("only SQLite is a file")
        file = Path(db.engine.url.database)
        file.chmod(mode)
        assert level in {
            told for told, text in found(files.check_files) if told is Level.OK or file.name in text
        }


# processes and clocks


def worker_with(*peppers):
    keys = Keyring(list(peppers)).ids
    say_alive(db.engine, "worker", [lane.value for lane in Lane], datetime.now(UTC), pepper_ids=keys)


@pytest.mark.parametrize(
    ("theirs", "is_well"),
    [
        (("ours" * 10,), True),
        (("ours" * 10, "old" * 12), True),
        (("other" * 8,), False),
        (("new" * 12, "ours" * 10), False),
        (("other" * 8, "more" * 10), False),
    ],
)
def test_a_worker_with_another_pepper_is_reported_without_a_key(app, theirs, is_well):
    parts.put(app, Keyring(["ours" * 10, "old" * 12]))
    with app.app_context():
        worker_with(*theirs)
        failed = texts(processes.check_worker, Level.FAIL)
        row = db.session.execute(sa.text("SELECT pepper_ids FROM seen_process")).scalar_one()
    assert ("1 of 1 has another CODE_PEPPER" in failed) is not is_well
    assert not any(key in failed + row for key in theirs)


def test_a_real_worker_tells_its_keys(app):
    with app.app_context():
        Housekeeping(db.engine, ["sms"], pepper_ids=parts.part(Keyring).ids)(datetime.now(UTC))
        assert texts(processes.check_worker, Level.FAIL) == ""
        ids = db.session.execute(sa.text("SELECT pepper_ids FROM seen_process")).scalar_one()
    assert ids.split(",") == list(parts.of(app, Keyring).ids)


def test_a_worker_of_an_older_release_is_no_failure(app):
    with app.app_context():
        say_alive(db.engine, "worker", ["sms"], datetime.now(UTC))
        assert texts(processes.check_worker, Level.FAIL) == ""


def test_missing_processes_are_reported_with_their_command(app):
    with app.app_context():
        assert "celery -A tasks.celery worker" in only(processes.check_worker)[1]
        assert "celery -A tasks.celery beat" in only(processes.check_beat)[1]


def test_a_lane_without_a_worker_is_reported(app):
    with app.app_context():
        say_alive(db.engine, "worker", ["sms"], datetime.now(UTC))
        (level, text), *others = found(processes.check_worker)
    assert (level, text) == (Level.OK, "1 alive, lanes sms")
    assert [told for told, _ in others] == [Level.WARN, Level.WARN]
    assert "-Q email" in others[0][1]


@pytest.mark.parametrize(
    ("skew", "level"), [(0.4, Level.OK), (-1.9, Level.OK), (2.1, Level.FAIL), (-90.0, Level.FAIL)]
)
def test_a_clock_that_differs_by_more_than_two_seconds_has_failed(app, monkeypatch, skew, level):
    monkeypatch.setattr(processes, "_database_time", lambda: ("the database", skew))
    with app.app_context():
        told, text = only(processes.check_clock)
    assert told is level
    assert f"{abs(skew):.1f} s {'behind' if skew < 0 else 'ahead of'} the database" in text


def test_our_clock_is_compared_with_that_of_redis(app, broker):
    with configured(app, REDIS_URL=broker.url).app_context():
        level, text = only(processes.check_clock)
    assert level is Level.OK
    assert text.endswith(("Redis", "the database"))


def test_the_first_cause_of_an_error_is_reported():
    error = RuntimeError(SECRET)
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert why(error) == "connection refused"
    assert why(RuntimeError(SECRET)) == "RuntimeError"


def test_endpoints_that_take_no_events_are_reported(app):
    with app.app_context():
        assert found(endpoints.check_webhooks) == []
        webhooks.create("https://8.8.8.8/hook?key=private")
        assert only(endpoints.check_webhooks) == (Level.OK, "1, all take their events")
        db.session.execute(sa.update(Webhook).values(failing_since=datetime(2026, 3, 1, 9, tzinfo=UTC)))
        db.session.commit()
        level, text = only(endpoints.check_webhooks)
        assert level is Level.WARN
        assert text.startswith("8.8.8.8 has taken no event since 2026-03-01T09:00+00:00")
        db.session.execute(sa.update(Webhook).values(is_on=False, off_reason="gone"))
        db.session.commit()
        assert "was switched off (gone)" in only(endpoints.check_webhooks)[1]


def test_words_that_nobody_knows_are_named(app):
    gateway = MemoryGateway("memory-sms", Channel.SMS)
    gateway.knows_word = lambda word: False
    parts.put(app, Gateways([gateway]))
    with app.app_context():
        assert found(reports.check_reports) == []
        for number in range(6):
            unknown_words.note("memory-sms", f"WORD{number}", datetime.now(UTC))
        unknown_words.note("memory-sms", "WORD5", datetime.now(UTC))
        level, text = only(reports.check_reports)
    assert level is Level.WARN
    assert text.startswith(
        "memory-sms reports words that its table `receipts` does not list: WORD5 (2), WORD0 (1)"
    )
    assert text.endswith(" and 1 more")


def test_a_gateway_that_can_not_believe_any_report_is_named(app, tmp_path):
    path = tmp_path / "two.toml"
    keys = 'preset = "46elks"\nusername = "u"\npassword = "p"\nfrom = "Shop"\n'
    token = 'receipt_token = "0123456789abcdef"\n'
    path.write_text(f'[[gateway]]\nname = "one"\n{keys}[[gateway]]\nname = "two"\n{keys}{token}')
    parts.put(app, load_gateways(path, {}, Maker(MailSettings(""))))
    with app.app_context():
        level, text = only(reports.check_reports)
    assert (level, text.partition(":")[0]) == (Level.WARN, "one refuses all delivery reports")
