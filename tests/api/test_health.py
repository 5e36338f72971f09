"""/healthz, /readyz and /metrics."""

import socket
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain import destinations
from domain.keyring import Keyring
from domain.statuses import Channel, Priority
from domain.version import VERSION
from exts import db
from models import SeenProcess
from services.outbox import outbox
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.storage.transactions import transaction
from tests.api.conftest import problem, stop_database

NAMES = {"database", "broker", "oldest_due_message", "worker", "clock"}


def seen(app, seconds_ago, kind="worker"):
    with app.app_context():
        at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        db.session.add(SeenProcess(name=f"{kind}@secret-host:1", kind=kind, lanes="sms", seen_at=at))
        db.session.commit()


def waiting(app, seconds_ago, channel=Channel.SMS, to="+8613800138000"):
    with app.app_context():
        at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        message = NewMessage(
            owner="tests",
            destination=destinations.parse(channel, to, region="CN"),
            template="code",
            locale="en",
            params={},
            priority=Priority.CODE,
            deadline_at=at + timedelta(hours=1),
        )
        transaction(lambda session: outbox.put(session, part(Keyring), [message], at))


class TestWithABroker:
    @pytest.fixture
    def settings(self, settings):
        return {**settings, "CELERY_BROKER_URL": "memory://"}

    def test_all_well_is_200_with_each_check_named(self, app, client):
        seen(app, 3)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.content_type) == (200, "application/json")
        assert set(answer.json) == NAMES
        assert {name: check["ok"] for name, check in answer.json.items()} == dict.fromkeys(NAMES, True)
        assert all(set(check) == {"ok", "detail"} for check in answer.json.values())

    def test_no_worker_is_503(self, client):
        self.assert_bad(client, {"worker"})

    def test_a_worker_not_seen_for_15_seconds_is_503(self, app, client):
        seen(app, 16)
        seen(app, 1, kind="beat")
        self.assert_bad(client, {"worker"})

    def test_a_message_due_for_30_seconds_is_503(self, app, client):
        seen(app, 1)
        waiting(app, 31)
        self.assert_bad(client, {"oldest_due_message"})

    def test_a_message_that_waits_for_its_retry_is_not_a_fault(self, app, client):
        seen(app, 1)
        waiting(app, 29)
        waiting(app, -60)
        assert client.get("/readyz").status_code == 200

    def test_a_database_that_does_not_answer_is_503(self, app, client):
        stop_database(app)
        self.assert_bad(client, {"database", "worker", "oldest_due_message"})

    @staticmethod
    def assert_bad(client, names):
        members = problem(client.get("/readyz"), 503, "not_ready")
        assert {name for name in NAMES if not members[name]["ok"]} == names
        for name in names:
            assert name in members["detail"]


def test_a_broker_that_refuses_is_503_and_its_url_is_not_shown(app, client):
    seen(app, 1)
    answer = client.get("/readyz")
    members = problem(answer, 503, "not_ready")
    assert [name for name in NAMES if not members[name]["ok"]] == ["broker"]
    assert "127.0.0.1" not in answer.text
    assert "secret-host" not in answer.text


class TestASilentBroker:
    @pytest.fixture
    def settings(self, settings):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            yield {
                **settings,
                "CELERY_BROKER_URL": f"redis://:password@127.0.0.1:{silent.getsockname()[1]}/0",
            }

    def test_is_503_and_is_not_probed_for_every_caller(self, app, client, caplog):
        seen(app, 1)
        answers = [client.get("/readyz") for _ in range(20)]
        assert {answer.status_code for answer in answers} == {503}
        assert caplog.text.count("the broker did not answer") == 1
        assert "password" not in answers[0].text + caplog.text


def test_healthz_contacts_nothing(app, client):
    stop_database(app)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "version": VERSION})
    assert answer.headers["Cache-Control"] == "no-store"


def samples(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_count_messages_verifications_lanes_and_workers(app, caller, client, code):
    approved = caller.verify()
    caller.post(f"/api/v1/verifications/{approved['id']}/check", {"code": code()})
    caller.verify("a@b.org")
    waiting(app, 10, Channel.EMAIL, "c@d.org")
    waiting(app, -60, Channel.EMAIL, "e@f.org")
    seen(app, 1)
    found = samples(client)
    assert found["sendcode_messages", "sms", "sent"] == 1
    assert found["sendcode_messages", "email", "queued"] == 2
    assert found["sendcode_messages", "email", "failed"] == 0
    assert found["sendcode_verifications", "sms", "approved"] == 1
    assert found["sendcode_verifications", "email", "pending"] == 1
    assert found["sendcode_messages_waiting", "email"] == 2
    assert found["sendcode_messages_waiting", "bulk"] == 0
    assert found["sendcode_oldest_due_seconds", "email"] >= 10
    assert found["sendcode_oldest_due_seconds", "sms"] == 0
    assert found["sendcode_workers",] == 1
    assert found["sendcode_alarms", "no_clock"] == 1
    assert found["sendcode_alarms", "no_worker"] == 0


def test_metrics_cover_every_state_of_a_verification(app, caller, client, code):
    states = {}
    for number in range(4):
        states[number] = caller.verify(f"+861380013800{number}")["id"]
        if number == 1:
            caller.post(f"/api/v1/verifications/{states[1]}/cancel")
        if number == 2:
            wrong = f"{(int(code()) + 1) % 1_000_000:06d}"
            for _ in range(5):
                caller.post(f"/api/v1/verifications/{states[2]}/check", {"code": wrong})
    found = samples(client)
    assert found["sendcode_verifications", "sms", "pending"] == 2
    assert found["sendcode_verifications", "sms", "canceled"] == 1
    assert found["sendcode_verifications", "sms", "locked"] == 1
    assert found["sendcode_verifications", "sms", "expired"] == 0


def test_metrics_contain_no_owner_and_no_destination(caller, client):
    caller.verify()
    caller.verify("jane@example.org")
    text = client.get("/metrics").text
    for secret in ("138", "jane", caller.view.id):
        assert secret not in text


def test_metrics_without_a_database_are_503(app, client):
    stop_database(app)
    problem(client.get("/metrics"), 503, "unavailable")
