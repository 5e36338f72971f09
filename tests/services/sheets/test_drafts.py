"""Drafts of broadcasts on every database: kept, checked again, sent once, forgotten."""

import io
from datetime import timedelta

import pytest

from domain.errors import Conflict, InvalidInput, NotFound
from domain.keyring import Keyring
from domain.sheets import Fault
from domain.statuses import Channel
from exts import db
from models import Broadcast, BroadcastDraft, BroadcastPart, DraftPart, Message, clock
from services import retention
from services.audit.trail import Actor
from services.messaging import broadcast_views
from services.outbox import packed
from services.process.parts import part
from services.sheets import draft_files, drafts
from services.sheets.drafts import Draft, NewDraft
from services.test_numbers import fixed_codes

pytestmark = pytest.mark.usefixtures("context")
JANE = Actor(1, "jane@example.org")
NEW = NewDraft("Spring", Channel.EMAIL, subject="News", text="Dear {{ name }}")


@pytest.fixture
def settings(settings):
    return {**settings, "CELERY_TASK_ALWAYS_EAGER": False}


def uploaded(count: int, bad: int = 0) -> Draft:
    made = drafts.get(drafts.create(NEW, JANE.id), JANE.id)
    rows = [f"k{n}@example.org,K{n}" for n in range(count)] + ["nobody,Nil"] * bad
    draft_files.upload(made, io.BytesIO("\n".join(["Mail,Name", *rows]).encode()), "list.csv")
    draft_files.match(drafts.get(made.id, JANE.id), {"to": 0, "name": 1})
    return drafts.get(made.id, JANE.id)


def left() -> list[int]:
    db.session.rollback()
    return [
        len(db.session.scalars(db.select(table)).all())
        for table in (BroadcastDraft, DraftPart, BroadcastPart)
    ]


def test_a_draft_is_checked_and_sent_once(owner):
    draft = uploaded(1_200, bad=30)
    assert (draft.rows, draft.good, dict(draft.faults)) == (1_230, 1_200, {Fault.INVALID_ADDRESS: 30})
    assert [one.row for one in draft_files.bad_rows(draft, 2)] == [1_202, 1_203]
    assert draft_files.ready(draft, 1_200).params == {"name": "K1199"}
    assert left() == [1, 2, 2]
    assert not packed.unpack(part(Keyring), fixed_codes.marked)  # nothing is sent before it is meant
    with pytest.raises(Conflict):
        draft_files.send(draft, only_good=False, send_at=None, by=JANE)
    draft_files.send(draft, only_good=True, send_at=None, by=JANE)
    assert left() == [0, 0, 2]
    with pytest.raises(NotFound):
        draft_files.send(draft, only_good=True, send_at=None, by=JANE)
    assert broadcast_views.get(draft.id, draft.owner).counts["queued"] == 1_200
    while packed.unpack(part(Keyring), fixed_codes.marked):
        pass
    db.session.rollback()
    assert len(db.session.scalars(db.select(Message.id)).all()) == 1_200
    assert db.session.scalars(db.select(Broadcast.name)).all() == ["Spring"]


def test_a_draft_that_was_changed_meanwhile_is_not_sent(owner):
    draft = uploaded(3)
    draft_files.upload(draft, io.BytesIO(b"to,name\nnew@example.org,New\n"), "other.csv")
    with pytest.raises(Conflict):
        draft_files.send(draft, only_good=False, send_at=None, by=JANE)
    assert left() == [1, 1, 1]


def test_a_column_that_the_file_lacks_is_refused(owner):
    draft = uploaded(3)
    for columns in ({"to": 0, "name": 2}, {"to": 0}, {"to": -1, "name": 0}):
        with pytest.raises(InvalidInput):
            draft_files.match(draft, columns)
    assert drafts.get(draft.id, JANE.id) == draft


def test_the_purge_takes_drafts_whose_day_is_over_and_leaves_recipients_that_wait(owner):
    sent = uploaded(2)
    draft_files.send(sent, only_good=False, send_at=None, by=JANE)
    uploaded(2)
    long_ago = clock.now() - timedelta(days=40)
    for table in (BroadcastDraft, Broadcast):
        db.session.execute(db.update(table).values(created_at=long_ago))
    db.session.commit()
    deleted = retention.purge(timedelta(days=30))
    assert (deleted["drafts"], deleted["broadcasts"]) == (1, 0)
    assert left() == [0, 0, 1]
    assert packed.unpack(part(Keyring), fixed_codes.marked)


def test_a_draft_belongs_to_one_administrator(owner):
    draft = uploaded(1)
    with pytest.raises(NotFound):
        drafts.get(draft.id, 2)
    assert drafts.mine(2) == []
    drafts.discard(draft.id, JANE.id)
    assert left() == [0, 0, 0]
