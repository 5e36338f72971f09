"""Mails about what is wrong, from real workers and a real clock."""

import time
from datetime import timedelta

import pytest

from devtools.live.service import application
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Incident, clock
from services.codes import verifications
from services.codes.verifications import Request
from tests.live.installation import NO_LIMITS, phone
from tests.live.processes import flask, free_port, start_beat, wait_until
from tests.servers.http import Answer, HttpGatewayServer

pytestmark = pytest.mark.slow
GATEWAY = '[[gateway]]\nname = "{name}"\nchannel = "sms"\ntype = "http"\nurl = "{url}"\nweight = {weight}\n'


@pytest.fixture
def installation(make):
    """An installation with an owner, an operator and a viewer."""
    installation = make(**NO_LIMITS, PUBLIC_URL="https://codes.example.org")
    for role in ("owner", "operator", "viewer"):
        flask(installation.env, "admins", "add", f"{role}@example.org", "--role", role)
    return installation


def test_a_gateway_that_dies_is_told_once_by_two_workers(installation):
    installation.sms.usual = Answer(503)
    with HttpGatewayServer(port=free_port()) as spare:
        tables = [
            GATEWAY.format(name="main", url=installation.sms.url, weight=100),
            GATEWAY.format(name="spare", url=spare.url, weight=0),
        ]
        (installation.folder / "gateways.toml").write_text("\n".join(tables))
        with installation.worker(), installation.worker():
            with application(installation.env):
                for number in range(10):
                    verifications.issue(Request(Channel.SMS, phone(number)), Owner("key:live"))
            mails = installation.mail.wait_for(2, 40)
            time.sleep(12)  # both have looked again
        assert sorted(mail.recipient for mail in installation.mail.mails) == [
            "operator@example.org",
            "owner@example.org",
        ]
        assert mails[0].message["Subject"] == "Sendcode: Gateway “main” is down"
        assert "Its messages are sent through spare." in mails[0].text
        assert "https://codes.example.org/cms/gateways/main" in mails[0].text


def test_the_clock_tells_that_the_last_worker_is_gone(installation):
    with application(installation.env):
        began_at = clock.now() - timedelta(minutes=2)
        db.session.add(Incident(kind="no_worker", subject="", began_at=began_at, seen_at=clock.now()))
        db.session.commit()
    with start_beat(installation.env) as beat:
        mails = installation.mail.wait_for(2, 20)
        assert {mail.message["Subject"] for mail in mails} == {"Sendcode: No worker is running"}
        wait_until(lambda: installation.statuses() == {"sent": 2})
        assert beat.stop() == 0
    assert "Traceback" not in beat.text()
