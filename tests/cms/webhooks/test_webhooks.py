"""The pages of webhooks."""

import re
from datetime import UTC, datetime

import pytest

from exts import db
from models import EventDelivery, Webhook
from services.keys import api_keys
from services.people import administrators
from services.webhooks import deliveries, endpoints
from tests.cms.conftest import PASSWORD

URL = "https://8.8.8.8/hook?token=private"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(endpoints, "FRESH_SECONDS", 0)


@pytest.fixture
def made(app):
    with app.app_context():
        return endpoints.create(URL, description="the shop").endpoint


@pytest.fixture
def viewer(app, newcomer):
    with app.app_context():
        administrators.add("vera@example.org", "viewer", PASSWORD)
    signed_in = newcomer()
    signed_in.sign_in("vera@example.org")
    return signed_in


def secret_in(page):
    return re.search(r"whsec_[A-Za-z0-9+/=]{44}", page.text.replace("&#43;", "+"))


def test_a_webhook_is_added_and_its_secret_shown_once(app, signed_in):
    assert "No program gets events yet" in signed_in.get("/cms/webhooks").text
    page = signed_in.submit("/cms/webhooks/new", url=URL, events=["message.sent"], description="the shop")
    assert page.status_code == 200
    assert secret_in(page)
    with app.app_context():
        (one,) = endpoints.list_all()
    assert (one.owner, one.events) == ("installation", ["message.sent"])
    for path in ("/cms/webhooks", f"/cms/webhooks/{one.id}"):
        shown = signed_in.get(path)
        assert "8.8.8.8" in shown.text
        assert not secret_in(shown)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "ftp://8.8.8.8/", "", "http://u:p@8.8.8.8/"])
def test_what_is_not_public_is_refused_in_words(app, signed_in, url):
    page = signed_in.submit("/cms/webhooks/new", url=url)
    assert page.status_code == 422
    assert "leads to a public address" in page.text
    with app.app_context():
        assert endpoints.list_all() == []


def test_a_new_secret_is_shown_and_the_old_one_signs_for_a_while(signed_in, made):
    page = signed_in.submit(f"/cms/webhooks/{made.id}/rotate", overlap="24h")
    assert secret_in(page)
    assert "signs until" in signed_in.get(f"/cms/webhooks/{made.id}").text
    assert signed_in.submit(f"/cms/webhooks/{made.id}/rotate", overlap="forever").status_code == 422


def test_deliveries_are_shown_with_their_answers_and_sent_again(app, signed_in, made):
    signed_in.submit(f"/cms/webhooks/{made.id}/test")
    with app.app_context():
        values = {
            "status": "failed",
            "due_at": None,
            "answer_status": 500,
            "answer": "<b>oh no</b>",
            "took_ms": 41,
        }
        db.session.execute(db.update(EventDelivery).values(**values))
        db.session.commit()
        (one,) = deliveries.page(made.id).deliveries
    page = signed_in.get(f"/cms/webhooks/{made.id}").text
    assert "webhook.test" in page
    assert "&lt;b&gt;oh no&lt;/b&gt;" in page
    assert "500" in page
    assert "webhook.test" not in signed_in.get(f"/cms/webhooks/{made.id}?status=delivered").text
    assert signed_in.get(f"/cms/webhooks/{made.id}?status=x&cursor=y").status_code == 200
    signed_in.submit(f"/cms/webhooks/{made.id}/deliveries/{one.id}/replay")
    with app.app_context():
        assert deliveries.get(made.id, one.id).status == "waiting"
    again = signed_in.submit(f"/cms/webhooks/{made.id}/replay", hours="24")
    assert again.status_code == 303


def test_the_switch(app, signed_in, made):
    signed_in.submit(f"/cms/webhooks/{made.id}/off")
    assert "Switched off by a person or a program." in signed_in.get(f"/cms/webhooks/{made.id}").text
    assert signed_in.submit(f"/cms/webhooks/{made.id}/test").status_code == 303
    with app.app_context():
        assert deliveries.page(made.id).deliveries == []
    signed_in.submit(f"/cms/webhooks/{made.id}/on")
    with app.app_context():
        assert endpoints.get(made.id).enabled


@pytest.mark.parametrize(
    ("reason", "said"), [("gone", "it answered 410"), ("failing", "it failed for five days")]
)
def test_operators_are_told_of_one_that_its_answers_switched_off(app, signed_in, viewer, made, reason, said):
    told = "1 webhook takes no events any more"
    off = {"is_on": False, "off_reason": reason, "off_at": datetime.now(UTC)}
    assert told not in signed_in.get("/cms").text
    with app.app_context():
        db.session.execute(db.update(Webhook).values(**off))
        db.session.commit()
    for path in ("/cms", "/cms/webhooks"):
        assert told in signed_in.get(path).text
    assert told not in viewer.get("/cms/webhooks").text
    assert said in signed_in.get("/cms/webhooks").text
    signed_in.submit(f"/cms/webhooks/{made.id}/on")
    assert told not in signed_in.get("/cms").text


def test_one_that_was_switched_off_on_purpose_is_no_alarm(signed_in, made):
    signed_in.submit(f"/cms/webhooks/{made.id}/off")
    assert "takes no events any more" not in signed_in.get("/cms").text


def test_one_that_a_key_made_names_the_key(app, signed_in):
    with app.app_context():
        key, _ = api_keys.create("Checkout")
        made = endpoints.create(URL, owner=f"key:{key.id}").endpoint
    assert "Checkout" in signed_in.get("/cms/webhooks").text
    assert "Checkout" in signed_in.get(f"/cms/webhooks/{made.id}").text


def test_a_viewer_sees_the_host_and_changes_nothing(viewer, made):
    page = viewer.get(f"/cms/webhooks/{made.id}").text
    assert "8.8.8.8" in page
    assert "private" not in page
    assert "<form" not in page.split("<main")[1]
    assert viewer.get("/cms/webhooks/new").status_code == 403


def test_an_unknown_one_is_a_404(signed_in):
    assert signed_in.get(f"/cms/webhooks/{'0' * 32}").status_code == 404
    assert signed_in.get("/cms/webhooks/x").status_code == 404
