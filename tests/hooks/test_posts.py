"""Every type of hook: its own sample, wrong credentials, what is not told to anybody, dead brokers and gateways."""

import json
import logging
import secrets
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import OperationalError

from domain.gateway_errors import GatewayError
from domain.hooks import HookType
from exts import db
from hooks.senders import SENDERS
from models import Message
from services.delivery import worker
from services.hooks import hooks
from services.hooks.exchange import Incoming, Kind, outcome_of
from services.hooks.trials import Trial
from tests.databases import sqlite_file
from tests.hooks.conftest import PHONE

CODE = "7391648205"
ADDRESS = "kim@example.org"
IDENTITY = [type for type in HookType if type is not HookType.ALERTMANAGER]
FORGED = {HookType.SUPABASE: "v1,whsec_" + "QUJD" * 12}


def trial(to=PHONE, code=CODE):
    return Trial(to, code, datetime.now(UTC), secrets.token_hex(8))


def made(server, type):
    return server(type, destinations=[PHONE] if type is HookType.ALERTMANAGER else [])


def test_every_type_has_a_sender():
    assert set(SENDERS) == set(HookType)


@pytest.mark.parametrize("type", HookType)
def test_the_sample_of_each_type_is_accepted_and_sent(server, sms, rows, type):
    one = made(server, type)
    answer = one.send(one.sample(trial()))
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert "Set-Cookie" not in answer.headers
    assert rows() == 1
    (sent,) = sms.sent
    assert sent.to == PHONE
    assert (CODE in sent.text) == (type is not HookType.ALERTMANAGER)


@pytest.mark.parametrize("type", HookType)
def test_a_wrong_credential_is_401_and_no_row(server, rows, type):
    one = made(server, type)
    good = one.sample(trial())
    for bad in (
        one.sample(trial(), FORGED.get(type, "wrong")),
        one.sample(trial(), FORGED.get(type, "") or one.secret[:-1]),
        Incoming(headers={"content-type": "application/json"}, body=good.body),
        Incoming(headers={**good.headers, "authorization": "", "x-a": ""}, body=b"{}"),
    ):
        headers = {name: value for name, value in bad.headers.items() if value}
        answer = one.send(Incoming(headers=headers, body=bad.body))
        assert answer.status_code == 401
    assert rows() == 0


@pytest.mark.parametrize("type", HookType)
def test_an_unknown_id_and_a_hook_that_is_off_answer_alike(app, server, rows, type):
    one = made(server, type)
    good = one.sample(trial())
    with app.app_context():
        hooks.switch(one.id, is_on=False)
    off = one.send(good)
    unknown = app.test_client().post("/hooks/" + "0" * 32, data=good.body, headers=dict(good.headers))
    assert (off.status_code, off.data) == (unknown.status_code, unknown.data)
    assert off.status_code == 401
    assert rows() == 0


@pytest.mark.parametrize("type", IDENTITY)
def test_two_posts_of_one_delivery_are_one_message(server, rows, type):
    one = server(type)
    good = one.sample(trial())
    assert [one.send(good).status_code for _ in range(2)] == [200, 200]
    assert rows() == 1


@pytest.mark.parametrize("type", IDENTITY)
def test_no_code_is_in_a_row_a_log_or_an_answer(server, app, sms, caplog, type):
    caplog.set_level(logging.DEBUG)
    one = server(type)
    sms.failures.append(GatewayError("refused"))
    answers = [one.send(one.sample(trial())), one.send(one.sample(trial("+4412", CODE)))]
    broken = one.sample(trial())
    answers.append(one.send(Incoming(headers=broken.headers, body=broken.body[:-3])))
    said = b"".join(answer.data + str(answer.headers).encode() for answer in answers)
    with app.app_context():
        kept = repr([tuple(row) for row in db.session.execute(db.select(Message.__table__))])
    files = sqlite_file(app.config["SQLALCHEMY_DATABASE_URI"]).parent.rglob("*")
    stored = b"".join(file.read_bytes() for file in files if file.is_file())
    assert b"CREATE TABLE" in stored
    for hidden in (CODE, one.secret):
        assert hidden.encode() not in said + stored
        assert hidden not in caplog.text
        assert hidden not in kept
    assert PHONE not in caplog.text


@pytest.mark.parametrize("type", HookType)
@pytest.mark.parametrize("body", [b"", b"[]", b"nothing", b"\xff\xfe", b'{"a":' * 20000])
def test_a_body_that_nobody_understands_is_refused_in_the_senders_shape(server, rows, type, body):
    """Signed senders would have to sign it, so it is given to the protocol itself."""
    one = made(server, type)
    with one.app.app_context():
        view = hooks.get(one.id)
        with pytest.raises(Exception) as refused:  # noqa: PT011 - the outcome is what is asserted
            SENDERS[one.type].take(view, Incoming(body=body))
        assert outcome_of(refused.value, one.id).kind in (Kind.UNREADABLE, Kind.NO_DESTINATION)
    assert rows() == 0


def test_a_body_above_64_kib_is_413(server, rows):
    one = server("generic")
    body = json.dumps({"to": PHONE, "text": "x" * 65_536})
    assert one.post(data=body, headers={"Authorization": one.secret}).status_code == 413
    assert rows() == 0


@pytest.mark.parametrize("type", HookType)
def test_a_database_that_does_not_answer_is_told_in_the_senders_shape(server, monkeypatch, type):
    one = made(server, type)

    def take(*_):
        raise OperationalError("", {}, Exception("gone"))

    monkeypatch.setattr(SENDERS[one.type], "take", take, raising=False)
    answer = one.send(one.sample(trial()))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    monkeypatch.setattr("hooks.receiving.hooks.secrets_of", take)
    assert one.send(one.sample(trial())).status_code == 503


class TestWithoutBrokerAndWorkers:
    """A post waits for its row and for nothing else: no bell, no gateway."""

    @pytest.fixture
    def settings(self, settings):
        return {**settings, "CELERY_TASK_ALWAYS_EAGER": False}

    @pytest.mark.parametrize("type", HookType)
    def test_the_answer_comes_before_any_gateway_is_asked_and_the_code_goes_out_later(
        self, server, app, sms, rows, type
    ):
        one = made(server, type)
        sms.send, asked = None, sms.send  # a call of the gateway would raise
        assert one.send(one.sample(trial())).status_code == 200
        with app.app_context():
            assert [row.status for row in db.session.query(Message)] == ["queued"]
            sms.send = asked
            worker.drain_now()
        assert len(sms.sent) == 1
