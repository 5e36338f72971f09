"""People are told once that something is wrong and once that it is over, however many processes look."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from domain.alarms import BLIP, CALM, QUIET, RESTART, Kind
from exts import db
from models import Incident
from services import retention
from services.alarms import incidents
from services.alarms.conditions import Alarm

pytestmark = pytest.mark.usefixtures("context")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DOWN, FAIL, NONE = Kind.GATEWAY_DOWN, Kind.ALL_FAIL, Kind.NO_WORKER


class Told:
    """Notes what people would be told."""

    def __init__(self):
        self.mails, self.well, self.unknown = [], True, set()

    def begun(self, connection, alarm, began_at, now):
        self.mails.append(("begun", alarm.kind, alarm.subject, began_at))

    def over(self, connection, over, now):
        self.mails.append(("over", over.kind, over.subject, over.seen_at - over.began_at))

    def is_known(self, kind):
        return kind not in self.unknown

    def is_well(self, kind, subject):
        return self.well

    def take(self):
        mails, self.mails = self.mails, []
        return mails


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def look(told):
    """Look at `at` with these alarms, each a kind or a kind and its subject; return what people are told."""

    def look(at, *kinds, **more):
        wrong = [kind if isinstance(kind, tuple) else (kind, "") for kind in kinds]
        incidents.follow(db.engine, [Alarm(kind, at, subject, **more) for kind, subject in wrong], at, told)
        return told.take()

    return look


def test_one_mail_when_it_begins_and_one_when_it_is_over(look):
    assert look(START, (DOWN, "main")) == [("begun", DOWN, "main", START)]
    for minute in range(1, 15):
        assert look(START + minute * MINUTE, (DOWN, "main")) == []
    assert look(START + 15 * MINUTE) == [], "it may come back"
    assert look(START + 14 * MINUTE + CALM) == [("over", DOWN, "main", 14 * MINUTE)]
    assert look(START + 30 * MINUTE) == []


def test_what_comes_and_goes_is_one_incident(look):
    mails = [look(START + n * 30 * SECOND, *([(DOWN, "main")] if n % 3 == 0 else [])) for n in range(60)]
    assert [mail for some in mails for mail in some] == [("begun", DOWN, "main", START)]


def test_what_comes_back_within_an_hour_is_told_at_once_but_its_end_after_a_quiet_hour(look):
    look(START, (DOWN, "main"))
    assert look(START + 3 * MINUTE) == [("over", DOWN, "main", timedelta(0))]
    again = START + 4 * MINUTE
    assert look(again, (DOWN, "main")) == [("begun", DOWN, "main", again)]
    for minutes in range(10, 60, 10):
        assert look(again + minutes * MINUTE, *([(DOWN, "main")] if minutes % 20 else [])) == []
    assert look(again + 60 * MINUTE) == []
    assert look(again + 50 * MINUTE + QUIET) == [("over", DOWN, "main", 50 * MINUTE)]


def test_each_gateway_has_its_own_incident(look):
    assert len(look(START, (DOWN, "main"), (DOWN, "spare"))) == 2
    assert look(START + MINUTE, (DOWN, "spare")) == []
    assert look(START + MINUTE + CALM, (DOWN, "spare")) == [("over", DOWN, "main", timedelta(0))]


def test_a_restart_is_no_incident(look):
    assert look(START, NONE) == []
    assert look(START + RESTART - SECOND, NONE) == []
    assert look(START + RESTART + BLIP) == []
    assert look(START + RESTART + 2 * BLIP) == []
    assert look(START + 10 * MINUTE, NONE) == [], "counted anew"


def test_a_worker_that_ends_again_and_again_is_told_of(look):
    found = [look(START + n * 20 * SECOND, *([NONE] if n % 2 == 0 else [])) for n in range(8)]
    assert found[:6] == [[]] * 6
    assert found[6] == [("begun", NONE, "", START)]


def test_what_is_known_to_be_older_is_told_with_its_beginning(look):
    since = START - 10 * MINUTE
    assert look(START, NONE, since=since) == [("begun", NONE, "", since)]
    later = START + 5 * MINUTE
    assert look(START + CALM) == [("over", NONE, "", 10 * MINUTE)]
    assert look(later, NONE, since=since) == [("begun", NONE, "", START + CALM)], "not before its last end"


def test_a_clock_that_is_ahead_delays_no_mail(look):
    assert look(START, (DOWN, "main"), since=START + MINUTE) == [("begun", DOWN, "main", START)]


def test_what_another_alarm_says_too_is_not_told_but_goes_on(look, told):
    look(START, (DOWN, "main"))
    both = [
        Alarm(FAIL, START + MINUTE, "sms"),
        Alarm(DOWN, START + MINUTE, "main", is_implied=True),
        Alarm(DOWN, START + MINUTE, "spare", is_implied=True),
    ]
    incidents.follow(db.engine, both, START + MINUTE, told)
    assert told.take() == [("begun", FAIL, "sms", START + MINUTE)]
    assert look(START + CALM, (DOWN, "spare")) == [("begun", DOWN, "spare", START + CALM)]
    over = look(START + MINUTE + CALM, (DOWN, "spare"))
    assert set(over) == {("over", FAIL, "sms", timedelta(0)), ("over", DOWN, "main", MINUTE)}


def test_nobody_is_told_that_what_was_switched_off_works_again(look, told):
    look(START, (DOWN, "main"))
    told.well = False
    assert look(START + CALM) == []
    told.well = True
    assert look(START + 2 * CALM) == []


def test_a_missing_gateway_is_told_to_nobody(look):
    assert look(START, Kind.NO_GATEWAY) == []
    assert db.session.query(Incident).count() == 0


def closed(at):
    return Alarm(Kind.PREFIXES_CLOSED, at)


def test_of_closed_prefixes_the_first_of_many_is_told_and_no_end(told):
    def look(at, closed_at):
        incidents.follow(db.engine, [closed(closed_at)], at, told)
        return [mail[0] for mail in told.take()]

    assert look(START, START) == ["begun"]
    assert look(START + 50 * MINUTE, START + 40 * MINUTE) == []
    last = START + 40 * MINUTE
    assert look(last + QUIET, last) == []
    assert look(last + QUIET + MINUTE, last) == [], "it is still closed, and no other one was"
    again = last + 2 * QUIET
    assert look(again, again) == ["begun"]


def test_a_prefix_that_was_closed_long_ago_is_not_told_of(told):
    incidents.follow(db.engine, [closed(START - 2 * QUIET)], START, told)
    assert told.take() == []


def at_once(count, act, monkeypatch, step):
    """Run `act` in threads that all have read the state before any of them changes it."""
    barrier, real = threading.Barrier(count), getattr(incidents, step)

    def together(*args):
        barrier.wait(10)
        real(*args)

    monkeypatch.setattr(incidents, step, together)
    threads = [threading.Thread(target=act) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    monkeypatch.setattr(incidents, step, real)


def test_of_many_workers_one_tells(told, look, monkeypatch):
    engine, alarm = db.engine, Alarm(DOWN, START, "main")
    at_once(4, lambda: incidents.follow(engine, [alarm], START, told), monkeypatch, "_notice")
    assert [mail[0] for mail in told.take()] == ["begun"], "a first one"
    over = START + CALM
    at_once(4, lambda: incidents.follow(engine, [], over, told), monkeypatch, "_end")
    assert [mail[0] for mail in told.take()] == ["over"]
    again = Alarm(DOWN, over + MINUTE, "main")
    at_once(4, lambda: incidents.follow(engine, [again], again.at, told), monkeypatch, "_notice")
    assert [mail[0] for mail in told.take()] == ["begun"], "a later one"


def test_while_all_is_well_nothing_is_written(look):
    look(START)
    assert db.session.query(Incident).count() == 0


def test_the_purge_forgets_what_is_over_for_a_day(look):
    look(datetime.now(UTC) - timedelta(days=3), (DOWN, "main"))
    look(datetime.now(UTC) - timedelta(days=2))
    look(datetime.now(UTC), (DOWN, "spare"))
    assert retention.purge(timedelta())["incidents"] == 1
    assert [row.subject for row in db.session.query(Incident)] == ["spare"]


def test_what_can_not_be_known_ends_nothing(look, told):
    look(START, (DOWN, "main"))
    told.unknown = {DOWN}
    assert look(START + 10 * MINUTE) == []
    told.unknown = set()
    assert look(START + 11 * MINUTE, (DOWN, "main")) == [], "it has not begun again"
    assert look(START + 11 * MINUTE + CALM) == [("over", DOWN, "main", 11 * MINUTE)]


@pytest.mark.parametrize("ended", [False, True])
def test_a_clock_that_is_set_back_silences_nothing(look, ended):
    ahead = START + 24 * 60 * MINUTE
    look(ahead, (DOWN, "main"))
    if ended:
        look(ahead + CALM)
    assert len(look(START + MINUTE, (DOWN, "main"))) == int(ended)
    over = [look(START + minute * MINUTE) for minute in range(2, 150)]
    assert next(one for some in over for one in some)[:3] == ("over", DOWN, "main")
    assert len(look(START + 300 * MINUTE, (DOWN, "main"))) == 1


def test_a_blip_in_between_makes_no_new_beginning(look):
    begun = 0
    for round_ in range(12):
        at = START + round_ * 270 * SECOND
        steps = [(0, NONE), (60, NONE), (150, NONE), (280, None)]
        for seconds, kind in steps:
            begun += len(
                [one for one in look(at + seconds * SECOND, *([kind] if kind else [])) if one[0] == "begun"]
            )
        look(at + 285 * SECOND, NONE)
    assert begun <= 2


def test_an_incident_of_a_newer_release_is_left_alone(look):
    row = {"kind": "unheard_of", "subject": "", "is_again": False, "told_at": START}
    with db.engine.begin() as connection:
        connection.execute(incidents.incidents.insert().values(**row, began_at=START, seen_at=START))
    look(START + MINUTE, (DOWN, "main"))
    assert look(START + MINUTE + CALM) == [("over", DOWN, "main", timedelta(0))]
