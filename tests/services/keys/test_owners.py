"""Two owners demote each other at once: one of them stays an owner, on every database."""

import threading
import time

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from domain.errors import LastOwner
from exts import db
from services.audit.trail import Actor
from services.people import administrators

PASSWORD = "seven purple otters"


def test_two_owners_who_demote_each_other_leave_an_owner(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    look = administrators._keep_an_owner

    def look_long_before_the_commit(session: Session, taken: str) -> None:
        look(session, taken)
        time.sleep(0.1)

    monkeypatch.setattr(administrators, "_keep_an_owner", look_long_before_the_commit)
    with app.app_context():
        people = [administrators.add(f"{name}@example.org", "owner", PASSWORD)[0] for name in ("jane", "kim")]
    start, refused = threading.Barrier(2), []

    def demote(me: int, other: str) -> None:
        with app.app_context():
            start.wait(10)
            try:
                administrators.change_role(other, "viewer", by=Actor(me, "me"))
            except LastOwner:
                refused.append(me)
            finally:
                db.session.remove()

    pairs = [(people[0].id, people[1].email), (people[1].id, people[0].email)]
    threads = [threading.Thread(target=demote, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with app.app_context():
        assert sorted(one.role for one in administrators.everyone()) == ["owner", "viewer"]
    assert len(refused) == 1
