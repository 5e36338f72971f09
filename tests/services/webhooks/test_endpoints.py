"""Endpoints: their secrets, and where they may lead."""

import ipaddress

import pytest
from sqlalchemy import select

from channels.http import pinned
from domain.errors import Conflict, InvalidInput, NotFound
from domain.events import EventType
from exts import db
from models import AuditEntry, Webhook, clock
from services.events import telling
from services.events.listeners import Listeners
from services.events.telling import News
from services.process.parts import part
from services.webhooks import deliveries, endpoints
from services.webhooks.deliveries import Range
from tests.domain.test_web_addresses import PRIVATE
from tests.services.webhooks.conftest import delivery, post_all

pytestmark = pytest.mark.usefixtures("context")
OWNER = "key:tests"


@pytest.fixture
def guarded(app):
    """An installation whose events go to public addresses only."""
    app.config["WEBHOOK_ALLOW_PRIVATE"] = False


def leads_to(monkeypatch, text):
    monkeypatch.setattr(pinned, "resolve", lambda host, port: [ipaddress.ip_address(text)])


def trail_of(webhook_id):
    rows = db.session.scalars(
        select(AuditEntry).where(AuditEntry.subject_id == webhook_id).order_by(AuditEntry.id)
    )
    return [row.action for row in rows]


def test_a_secret_is_random_and_no_column_holds_it_in_clear():
    first, second = (endpoints.create("https://example.com/", owner=OWNER) for _ in range(2))
    assert first.secret.startswith("whsec_")
    assert first.secret != second.secret
    db.session.rollback()
    for row in db.session.scalars(select(Webhook)):
        for column in row.__table__.columns:
            assert first.secret[6:] not in str(getattr(row, column.key)), column
    assert first.secret not in repr(first)


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public_is_refused_at_creation_whatever_its_name(text, monkeypatch):
    url = f"http://[{text}]/" if ":" in text else f"http://{text}/"
    with pytest.raises(InvalidInput):
        endpoints.create(url, owner=OWNER)
    leads_to(monkeypatch, text)
    with pytest.raises(InvalidInput):
        endpoints.create("https://hooks.example/", owner=OWNER)
    assert endpoints.list_all() == []


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public_is_refused_at_each_try_whatever_it_was_at_creation(text, monkeypatch):
    leads_to(monkeypatch, "8.8.8.8")
    made = endpoints.create("https://hooks.example/", owner=OWNER)
    deliveries.send_test(made.endpoint.id)
    leads_to(monkeypatch, text)
    monkeypatch.setattr(pinned, "make_pool", lambda *_, **__: 1 / 0)
    post_all(allows_private=False)
    refused = delivery()
    assert (refused.status, refused.error) == ("waiting", "the address is not public")


@pytest.mark.usefixtures("guarded")
def test_a_change_of_the_url_is_checked_too(monkeypatch):
    leads_to(monkeypatch, "8.8.8.8")
    made = endpoints.create("https://hooks.example/", owner=OWNER)
    with pytest.raises(InvalidInput):
        endpoints.edit(made.endpoint.id, url="http://127.0.0.1/")
    assert endpoints.get(made.endpoint.id).url == "https://hooks.example/"


@pytest.mark.usefixtures("guarded")
def test_a_name_without_an_address_is_judged_later(monkeypatch):
    def unknown(host, port):
        raise OSError("no such name")

    monkeypatch.setattr(pinned, "resolve", unknown)
    made = endpoints.create("https://not-yet.example/", owner=OWNER)
    deliveries.send_test(made.endpoint.id)
    post_all(allows_private=False)
    assert delivery().error == "the name has no address"


def test_private_addresses_are_for_development_only(app):
    assert app.config["DEVELOPMENT"] is False
    assert app.config["WEBHOOK_ALLOW_PRIVATE"] is True, "as these tests set it"


def test_another_owner_sees_nothing():
    made = endpoints.create("https://example.com/", owner=OWNER).endpoint
    for act in (
        lambda: endpoints.get(made.id, "key:other"),
        lambda: endpoints.edit(made.id, enabled=False, owner="key:other"),
        lambda: endpoints.rotate(made.id, owner="key:other"),
        lambda: endpoints.remove(made.id, owner="key:other"),
        lambda: deliveries.page(made.id, owner="key:other"),
        lambda: deliveries.replay(made.id, Range(), owner="key:other"),
        lambda: deliveries.send_test(made.id, owner="key:other"),
    ):
        with pytest.raises(NotFound):
            act()
    assert endpoints.list_all("key:other") == []


def test_a_delivery_of_another_endpoint_is_not_replayed():
    first, second = (endpoints.create("https://example.com/", owner=OWNER).endpoint for _ in range(2))
    sent = deliveries.send_test(first.id)
    with pytest.raises(NotFound):
        deliveries.replay(second.id, Range(sent.id))


def test_every_change_is_audited_and_only_the_host_is_told():
    made = endpoints.create("https://example.com/hook?key=verysecret", owner=OWNER).endpoint
    endpoints.edit(made.id, url="https://example.org/?key=verysecret", events=["gateway.up"])
    endpoints.edit(made.id, events=["gateway.up"])  # changes nothing
    endpoints.rotate(made.id)
    deliveries.send_test(made.id)
    deliveries.replay(made.id, Range())
    endpoints.edit(made.id, enabled=False)
    endpoints.edit(made.id, enabled=True)
    endpoints.remove(made.id)
    assert trail_of(made.id) == [
        "webhook.added",
        "webhook.edited",
        "webhook.rotated",
        "webhook.tested",
        "webhook.replayed",
        "webhook.switched_off",
        "webhook.switched_on",
        "webhook.removed",
    ]
    entries = db.session.scalars(select(AuditEntry)).all()
    assert not [one for one in entries if "verysecret" in f"{one.subject} {one.before} {one.after}"]
    assert not [one for one in entries if "whsec_" in f"{one.subject} {one.before} {one.after}"]


def test_a_removed_endpoint_takes_its_deliveries_with_it():
    made = endpoints.create("https://example.com/", owner=OWNER).endpoint
    deliveries.send_test(made.id)
    endpoints.remove(made.id)
    with pytest.raises(NotFound):
        endpoints.get(made.id)
    post_all()


def test_while_it_is_off_nothing_is_posted_on_purpose():
    made = endpoints.create("https://example.com/", owner=OWNER).endpoint
    endpoints.edit(made.id, enabled=False)
    with pytest.raises(Conflict):
        deliveries.send_test(made.id)
    with pytest.raises(Conflict):
        deliveries.replay(made.id, Range())


@pytest.mark.parametrize("text", ["x" * 251, "two\nlines", "nul\0"])
def test_a_description_is_one_short_line(text):
    with pytest.raises(InvalidInput):
        endpoints.create("https://example.com/", description=text)


def test_a_new_endpoint_is_heard_at_once_in_this_process():
    with db.engine.connect() as connection:
        assert part(Listeners).of(connection) == ()
    made = endpoints.create("https://example.com/", owner=OWNER).endpoint
    with db.engine.begin() as connection:
        (listener,) = part(Listeners).of(connection)
        assert listener.id == made.id
        news = [News(EventType.MESSAGE_SENT, "", {}, (OWNER,))]
        telling.tell(connection, (listener,), news, clock.now())
    assert delivery().webhook_id == made.id


def test_an_owner_has_a_limited_number(monkeypatch):
    monkeypatch.setattr(endpoints, "MOST_OF_ONE", 2)
    for _ in range(2):
        endpoints.create("https://example.com/", owner=OWNER)
    with pytest.raises(Conflict):
        endpoints.create("https://example.com/", owner=OWNER)
    endpoints.create("https://example.com/", owner="key:other")
