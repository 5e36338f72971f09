"""Passkeys: registered once, checked against their site, and no answer is good for a second sign-in."""

import dataclasses
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from channels.memory import MemoryGateway
from domain.errors import (
    Conflict,
    InvalidInput,
    LimitExceeded,
    NotAuthenticated,
    NotFound,
    PasswordNeeded,
    SecondStepNeeded,
)
from exts import db
from models import AdministratorSession, Passkey, PasskeyChallenge
from services.account import passkey_setup, second_factor, second_factor_resets
from services.audit import trail
from services.people import administrators
from services.sign_in import passkeys, recovery_codes, second_steps, sessions, sign_ins, ways
from services.sign_in.sessions import ConsoleSession
from services.sign_in.sign_ins import Browser
from services.sign_in.ways import Way
from tests.devices import Device, text

pytestmark = pytest.mark.usefixtures("context")
EMAIL, PASSWORD = "jane@example.org", "seven purple otters"
SITE = "https://codes.example.org"
BROWSER = Browser("192.0.2.7", "Firefox")
SIGN_INS = 20


@pytest.fixture
def session(app: Flask, context: None) -> ConsoleSession:
    """Jane's session; the console has a name and https."""
    app.config["PUBLIC_URL"] = SITE
    administrators.add(EMAIL, "owner", PASSWORD)
    _, started = sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")
    return started


@pytest.fixture
def device(session: ConsoleSession) -> Device:
    """Jane's device, registered."""
    made = Device(SITE)
    register(session, made)
    return made


def register(session: ConsoleSession, device: Device, name: str = "Laptop") -> list[str]:
    return passkey_setup.add_passkey(session, name, device.create(asked(session)), client_ip="192.0.2.1")


def asked(session: ConsoleSession) -> str:
    options = passkey_setup.options(session)
    assert options is not None
    return options


def begin() -> str:
    with pytest.raises(SecondStepNeeded) as needed:
        sessions.sign_in(EMAIL, PASSWORD, ip=BROWSER.ip, user_agent=BROWSER.user_agent)
    return needed.value.token


def wanted(token: str) -> str:
    options = passkeys.options(token)
    assert options is not None
    return options


def living_sessions() -> int:
    living = AdministratorSession.ended_at.is_(None)
    return db.session.scalar(select(func.count()).select_from(AdministratorSession).where(living))


def test_a_registered_device_signs_in(session: ConsoleSession, device: Device, mails: MemoryGateway) -> None:
    token = begin()
    assert second_steps.look(token).ways == (Way.PASSKEY,)
    cookie, started = passkeys.use(token, device.get(wanted(token)), browser=BROWSER)
    assert started.administrator.email == EMAIL
    assert sessions.resume(cookie) is not None
    [own] = passkey_setup.own(session)
    assert own.name == "Laptop"
    assert own.last_used_at is not None
    assert [mail.template for mail in mails.sent] == ["second_step_changed"]


def test_a_registration_is_audited_told_and_gives_recovery_codes_once(
    session: ConsoleSession, mails: MemoryGateway
) -> None:
    assert len(register(session, Device(SITE))) == 10
    assert register(session, Device(SITE), "Phone") == []
    first, second = trail.entries().shown[1], trail.entries().shown[0]
    assert (first.action, first.ip) == ("account.passkey_added", "192.0.2.1")
    assert first.after == {"second_factor": ["passkey"], "codes_left": 10}
    assert second.after == {"second_factor": ["passkey"]}
    assert "A passkey was added" in mails.sent[0].text


def test_an_answer_is_good_for_one_sign_in(session: ConsoleSession, device: Device) -> None:
    token = begin()
    answer = device.get(wanted(token))
    passkeys.use(token, answer, browser=BROWSER)
    with pytest.raises(NotFound):
        passkeys.use(token, answer, browser=BROWSER)
    other = begin()
    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            passkeys.use(other, answer, browser=BROWSER)
        wanted(other)
    assert [one.outcome for one in sign_ins.of().shown][:2] == ["wrong_code", "wrong_code"]
    assert living_sessions() == 2


@pytest.mark.parametrize("count", [0, None])
def test_one_answer_opens_one_session_however_many_bring_it(
    app: Flask, session: ConsoleSession, count: int | None
) -> None:
    app.config["SIGN_IN_FAILURES_PER_5_MINUTES"] = app.config["SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES"] = 0
    device = Device(SITE, count)
    register(session, device)
    token, ready = begin(), Barrier(SIGN_INS)
    answer = device.get(wanted(token))

    def sign_in(_number: int) -> bool:
        with app.app_context():
            ready.wait()
            with suppress(NotAuthenticated, NotFound):
                passkeys.use(token, answer, browser=BROWSER)
                return True
            return False

    with ThreadPoolExecutor(SIGN_INS) as pool:
        outcomes = list(pool.map(sign_in, range(SIGN_INS)))
    assert outcomes.count(True) == 1
    assert living_sessions() == 2


def test_a_wrong_answer_uses_the_challenge_up(session: ConsoleSession, device: Device) -> None:
    token = begin()
    answer = device.get(wanted(token))
    with pytest.raises(NotAuthenticated):
        passkeys.use(token, "{}", browser=BROWSER)
    with pytest.raises(NotAuthenticated):
        passkeys.use(token, answer, browser=BROWSER)


def test_a_challenge_is_good_for_ten_minutes(session: ConsoleSession, device: Device) -> None:
    token = begin()
    answer = device.get(wanted(token))
    later = datetime.now(UTC) + timedelta(minutes=11)
    with time_machine.travel(later, tick=False), pytest.raises(NotAuthenticated):
        passkeys.use(token, answer, browser=BROWSER)


@pytest.mark.parametrize("origin", ["https://codes.example.net", "http://codes.example.org", f"{SITE}:8443"])
def test_an_answer_from_another_page_is_refused(session: ConsoleSession, device: Device, origin: str) -> None:
    token, device.origin = begin(), origin
    with pytest.raises(NotAuthenticated):
        passkeys.use(token, device.get(wanted(token)), browser=BROWSER)
    with pytest.raises(InvalidInput):
        register(session, Device(origin))


def test_a_copied_device_is_found_by_its_counter(session: ConsoleSession, device: Device) -> None:
    copied = dataclasses.replace(device)
    for _ in range(2):
        token = begin()
        passkeys.use(token, device.get(wanted(token)), browser=BROWSER)
    token = begin()
    with pytest.raises(NotAuthenticated):
        passkeys.use(token, copied.get(wanted(token)), browser=BROWSER)


def test_somebody_elses_passkey_is_refused(session: ConsoleSession, device: Device) -> None:
    administrators.add("kim@example.org", "owner", PASSWORD)
    _, kim = sessions.sign_in("kim@example.org", PASSWORD, ip=None, user_agent="")
    theirs = Device(SITE)
    register(kim, theirs)
    token = begin()
    options = json.loads(wanted(token))
    options["allowCredentials"] = [{"id": text(theirs.id)}]
    with pytest.raises(NotAuthenticated):
        passkeys.use(token, theirs.get(json.dumps(options)), browser=BROWSER)
    with pytest.raises(NotFound):
        passkey_setup.remove_passkey(session, passkey_setup.own(kim)[0].id, client_ip=None)


@pytest.mark.parametrize(
    "answer",
    [
        *("", "null", "[]", '"x"', "{", '{"id": 1}', '{"id": "YQ", "rawId": "YQ", "type": "public-key"}'),
        pytest.param("[" * 9000, id="deep"),
        pytest.param('"' + "x" * 20_000, id="long"),
    ],
)
def test_nonsense_is_refused(session: ConsoleSession, device: Device, answer: str) -> None:
    token = begin()
    wanted(token)
    with pytest.raises(NotAuthenticated):
        passkeys.use(token, answer, browser=BROWSER)
    asked(session)
    with pytest.raises(InvalidInput):
        passkey_setup.add_passkey(session, "Laptop", answer, client_ip=None)


def test_a_cut_or_changed_answer_is_refused(session: ConsoleSession, device: Device, app: Flask) -> None:
    app.config["SIGN_IN_FAILURES_PER_5_MINUTES"] = app.config["SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES"] = 0
    token = begin()
    for part in ("authenticatorData", "clientDataJSON", "signature"):
        for change in (
            lambda told: told[:20],
            lambda told: told[:-2] + "AA",
            lambda _told: "",
            lambda _told: 7,
        ):
            answer = json.loads(device.get(wanted(token)))
            answer["response"][part] = change(answer["response"][part])
            with pytest.raises(NotAuthenticated):
                passkeys.use(token, json.dumps(answer), browser=BROWSER)
    for change in (lambda told: told[:60], lambda told: told[:-2] + "AA", lambda _told: "", lambda _told: 7):
        made = json.loads(Device(SITE).create(asked(session)))
        made["response"]["attestationObject"] = change(made["response"]["attestationObject"])
        with suppress(InvalidInput):
            passkey_setup.add_passkey(session, "Laptop", json.dumps(made), client_ip=None)


def test_a_device_is_registered_once(session: ConsoleSession, device: Device) -> None:
    with pytest.raises(Conflict):
        register(session, device)
    assert text(device.id) in asked(session), "the browser is told which devices are known"


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\nb"])
def test_a_name_is_short_and_one_line(session: ConsoleSession, name: str) -> None:
    with pytest.raises(InvalidInput, match="name"):
        register(session, Device(SITE), name)


def test_guesses_are_limited(session: ConsoleSession, device: Device) -> None:
    token = begin()
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            passkeys.use(token, "{}", browser=BROWSER)
    with pytest.raises(LimitExceeded):
        passkeys.use(token, device.get(wanted(token)), browser=BROWSER)


@pytest.mark.parametrize("is_reset", [True, False])
def test_without_the_last_one_the_password_is_enough(
    session: ConsoleSession, device: Device, is_reset: bool
) -> None:
    if is_reset:
        second_factor_resets.reset(EMAIL)
    else:
        passkey_setup.remove_passkey(session, passkey_setup.own(session)[0].id, client_ip=None)
    assert recovery_codes.left(session.administrator.id) == 0
    assert sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")


def test_it_satisfies_a_required_second_step_and_the_last_one_stays(
    app: Flask, session: ConsoleSession, device: Device
) -> None:
    app.config["SECOND_FACTOR_REQUIRED"] = True
    assert second_steps.look(begin()).ways == (Way.PASSKEY,)
    with pytest.raises(Conflict):
        passkey_setup.remove_passkey(session, passkey_setup.own(session)[0].id, client_ip=None)
    assert ways.of_account(session.administrator.id) == (Way.PASSKEY,)
    app.config["SECOND_FACTOR_REQUIRED"] = False
    second_factor.turn_off(session, client_ip=None)
    assert db.session.scalars(select(Passkey)).all() == []


def test_without_a_site_nothing_is_asked_and_other_ways_are_offered(
    app: Flask, session: ConsoleSession, device: Device
) -> None:
    app.config["PUBLIC_URL"] = "http://192.0.2.1"
    assert passkey_setup.options(session) is None
    assert passkeys.options(begin()) is None
    assert second_steps.look(begin()).ways == (Way.PASSKEY,), "never dropped silently"


@pytest.mark.parametrize(
    "step",
    [
        passkey_setup.options,
        lambda session: passkey_setup.add_passkey(session, "Laptop", "{}", client_ip=None),
        lambda session: passkey_setup.remove_passkey(session, "1", client_ip=None),
    ],
    ids=["options", "add", "remove"],
)
def test_an_old_password_proof_is_not_enough(
    session: ConsoleSession, step: Callable[[ConsoleSession], object]
) -> None:
    later = session.password_at + timedelta(seconds=301)
    with time_machine.travel(later, tick=False), pytest.raises(PasswordNeeded):
        step(session)
    assert db.session.scalars(select(PasskeyChallenge)).all() == []
