"""A look-up finds the text that was meant, byte for byte, whatever the database takes for equal."""

import pytest
from sqlalchemy import select

from domain.errors import LimitExceeded, NotAuthenticated, NotFound
from exts import db
from models import Administrator, ApiKey, Message
from services.keys import api_keys
from services.people import administrators
from services.scheduling import schedule_views, schedules
from services.scheduling.schedule_rules import NewSchedule
from services.sign_in import sessions
from services.storage.exact import exactly

pytestmark = pytest.mark.usefixtures("context")
PASSWORD = "seven purple otters"
LIKE_IT = ["Nightly", "níghtly", "NIGHTLY", "nightly\u200b", "ｎightly", "nightlý"]


@pytest.mark.parametrize("text", [*LIKE_IT, "nightly "])
def test_only_the_same_bytes_are_equal(text):
    api_keys.create("nightly")
    found = select(ApiKey.name).where(exactly(ApiKey.name, text))
    assert db.session.scalars(found).all() == []
    assert db.session.scalars(select(ApiKey.name).where(exactly(ApiKey.name, "nightly"))).all() == ["nightly"]


def test_a_look_up_uses_the_index():
    if db.engine.dialect.name != "sqlite":
        return
    found = select(Message.id).where(exactly(Message.gateway_reference, "Ref-17"))
    statement = str(found.compile(db.engine, compile_kwargs={"literal_binds": True}))
    with db.engine.connect() as connection:
        (step,) = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    assert step[3] == "SEARCH message USING INDEX ix_message_gateway_reference (gateway_reference=?)"


@pytest.mark.parametrize("text", LIKE_IT)
def test_no_key_and_no_schedule_is_found_by_a_name_like_its_own(text):
    api_keys.create("nightly")
    schedules.add(NewSchedule("nightly", "sendcode.drain", every="1h"))
    with pytest.raises(NotFound):
        api_keys.find(text)
    for look in (schedule_views.get, schedules.run_now, schedules.remove, schedules.disable):
        with pytest.raises(NotFound):
            look(text)


@pytest.mark.parametrize("text", ["ówner@example.org", "owner@éxample.org"])
def test_another_spelling_gives_no_fresh_guesses(app, text):
    """The limit of the account would count another text than the look-up finds."""
    app.config["SIGN_IN_FAILURES_PER_5_MINUTES"] = 2
    administrators.add("owner@example.org", "owner", PASSWORD)
    with pytest.raises(NotAuthenticated):
        sessions.sign_in(text, PASSWORD, ip=None, user_agent="")
    for _ in range(2):
        with pytest.raises((NotAuthenticated, LimitExceeded)):
            sessions.sign_in("Owner@example.org", "wrong", ip=None, user_agent="")
    with pytest.raises(LimitExceeded):
        sessions.sign_in("owner@EXAMPLE.org", PASSWORD, ip=None, user_agent="")


def test_the_look_up_of_an_administrator_uses_its_index():
    text = str(select(Administrator).where(exactly(Administrator.canonical, "a")).compile(db.engine))
    assert "canonical = " in text
