"""Every page of the console in a real browser: as owner and viewer in every language, as operator where it differs.

The pages are found automatically: those without arguments from the routes, the others through links to them.
"""

import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from channels.registry import Gateways
from devtools import crawl, translations
from domain import totp
from exts import db
from models import Administrator, Authenticator
from services.account import authenticator_setup
from services.audit.trail import Actor
from services.languages.locales import LOCALES
from services.people import administrators, invitations
from services.process import parts
from services.sign_in import authenticators, sessions
from services.templating import texts
from tests.browser.watch import Watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]
HERE = Path(__file__).parent
AXE = (HERE / "axe.min.js").read_text(encoding="utf-8")
JUDGE = (HERE / "judge.js").read_text(encoding="utf-8")
TEXTS = (HERE / "texts.js").read_text(encoding="utf-8")
VIEWER = "vera@example.org"
OPERATOR = "otto@example.org"
JUDGED_BEFORE = {"viewer": ["owner"], "operator": ["owner", "viewer"]}
"""Whose pages were looked at by then: of the same ones nothing more can be found."""
WITH_A_SECOND_STEP = "kim@example.org"
"""An operator of the showroom."""
PHONE = 360
LOOKS = {"en": (1440, "light"), "zh": (PHONE, "dark"), "de": (PHONE, "light")}
"""The width and the colour scheme in which axe checks each language; German has the longest words."""
COLOURS = ["color-contrast", "link-in-text-block"]
OF_ELEMENTS = {"runOnly": COLOURS}
OF_PAGES = {"rules": {rule: {"enabled": False} for rule in COLOURS}}
RULES = {
    "en": {"whole": OF_PAGES, "parts": OF_ELEMENTS},
    "zh": {"parts": OF_ELEMENTS},
    "de": {"whole": OF_PAGES},
}
"""The rules that axe checks: each one once; those about width also on a phone, those about colours also in dark."""
EVERY_RULE = "en"
TAGS = {"en": "en", "zh": "zh-Hans", "de": "de"}
NOT_LINKED = {"cms.template_mail", "cms.invitation"}
"""Views with arguments that no link in the console leads to: the content of a frame, the link in a mail."""
SAME_EVERYWHERE = re.compile(
    r"""
    [^A-Za-z]*                                           # numbers, punctuation
    | .*@.* | [\w.+-]*\*+.*                              # addresses, masked ones
    | [A-Z][\w+-]*(/[\w+-]+)+ | UTC                      # time zones
    | ([A-Z]{2})(,\ [A-Z]{2})*                           # countries
    | [·\ ]*[<+−±\ \d.]+\ m?s                            # short times
    | [\w.-]+\ ·\ [a-z]{2}(-\w+)?                        # a text and its language
    | [\da-f:.]+/\d+(,\ [\da-f:.]+/\d+)*                 # networks
    | p95                                                # a word of statistics
    | every\ \d+[smhd] | \w+=.+                          # a schedule in the audit
    | [a-z]+\.[a-z_]+                                    # events
    | Supabase\ Auth | Ory\ Kratos | Logto | Zitadel     # servers
    | authentik | Keycloak | Authgear | Auth0 | Casdoor | Alertmanager,\ Grafana | Twilio\ SDK
    | SMS | API | URL | JSON | Webhook | Hook            # names
    | English | Deutsch | Sendcode.*
    """,
    re.VERBOSE,
)


@pytest.fixture(scope="module")
def people(showroom: Any, showrooms: Any) -> dict[str, str]:
    """The cookies of a signed-in owner, who is setting up an authenticator app, of an operator and of a viewer."""
    with showroom.app.app_context():
        administrators.add(VIEWER, "viewer", showrooms.PASSWORD)
        administrators.add(OPERATOR, "operator", showrooms.PASSWORD)
        _, owner = sessions.sign_in(showrooms.EMAIL, showrooms.PASSWORD, ip=None, user_agent="")
        authenticator_setup.begin(owner)
    return {
        role: showrooms.sign_in(showroom.app, email)
        for role, email in (("owner", showrooms.EMAIL), ("operator", OPERATOR), ("viewer", VIEWER))
    }


@pytest.fixture
def invitation(showroom: Any) -> str:
    """The path in the mail to an invited person."""
    guest = f"guest.{uuid4().hex}@example.org"
    links: list[str] = []

    def link_of(token: str) -> str:
        links.append(f"/cms/invitation/{token}")
        return links[-1]

    with showroom.app.app_context():
        invitations.invite(guest, "viewer", link_of=link_of, by=Actor(1, "maria@example.org"))
    return links[-1]


def speak(app: Any, locale: str) -> None:
    """Set this language for everybody."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(db.update(Administrator.__table__).values(locale=locale))


def reader(app: Any, cookie: str) -> Any:
    """Return a client that is signed in."""
    client = app.test_client()
    client.set_cookie("sendcode_session", cookie)
    return client


@pytest.fixture(scope="module")
def crawled(showroom: Any, people: dict[str, str]) -> Callable[[str], tuple[list[str], set[str]]]:
    """Find the pages that somebody may see, and all views, once: no link depends on a language."""
    return cache(lambda role: crawl.pages(showroom.app, reader(showroom.app, people[role]), 2))


@pytest.fixture(scope="module")
def seen() -> Mapping[str, set[int]]:
    """The marks of elements that were judged in each language."""
    return {locale: set() for locale in LOCALES}


def opened(chromium: Any, showroom: Any, cookie: str, width: int, colours: str) -> tuple[Any, Watch, Any]:
    """Return a browser of its own for somebody who is signed in, what watches it, and a page."""
    size = {"width": width, "height": 800}
    context = chromium.new_context(color_scheme=colours, viewport=size, reduced_motion="reduce")
    context.add_cookies([{"name": "sendcode_session", "value": cookie, "url": showroom.address}])
    return context, Watch(context, showroom.address), context.new_page()


def one_of_a_kind(app: Flask, paths: list[str]) -> list[str]:
    """Return the first page of each view."""
    first: dict[str, str] = {}
    for path in paths:
        first.setdefault(app.url_map.bind("localhost").match(urlsplit(path).path)[0], path)
    return list(first.values())


def other(paths: list[str], one: Any, another: Any) -> list[str]:
    """Return the pages of one that another sees differently, and the first, for the frame that they may share.

    What could be asked for when the pages were found may be over by now: such a page leads elsewhere.
    """
    shown = {path: one.get(path) for path in paths}
    assert [path for path, answer in shown.items() if answer.status_code not in (200, 303)] == []
    paths = [path for path in paths if shown[path].status_code == 200]
    return [path for path in paths if path == paths[0] or content(shown[path]) != content(another.get(path))]


def content(answer: TestResponse) -> str:
    """Return a page without its navigation and its tokens."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return re.sub(r'name="csrf_token" value="[^"]+"', "", main)


def data(app: Any) -> str:
    """Return all texts from the database and the configuration, which are shown untranslated."""
    with app.app_context():
        found = [word for gateway in parts.of(app, Gateways) for word in (gateway.name, gateway.type)]
        found += [path.name for path in texts.FOLDER.rglob("*.txt")]
    with app.app_context(), db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            columns = [column for column in table.c if column.type.python_type is str]
            for row in connection.execute(select(*columns)) if columns else ():
                found += [value for value in row if isinstance(value, str)]
    return "\n".join(found)


@cache
def english(locale: str) -> frozenset[str]:
    """Return the English texts that have a different translation in this language."""
    messages = translations.catalogue(locale)
    return frozenset(translations.key(one) for one in messages if one.id and one.string != one.id)


def untranslated(texts: list[str], locale: str, known: str) -> list[str]:
    """Return the texts that are still English: those of the catalogue, and in Chinese every Latin sentence."""
    return [
        text
        for text in (text.removesuffix(" · Sendcode") for text in texts)
        if (text in english(locale) and text not in known.split("\n"))
        or (
            locale == "zh"
            and not re.search("[一-鿿]", text)
            and not SAME_EVERYWHERE.fullmatch(text)
            and text not in known
        )
    ]


def faults(page: Any, locale: str, seen: set[int] | None = None) -> list[str]:
    """Return the faults that axe calls serious or critical, in what is not among the `seen`; it is added to them."""
    seen = set() if seen is None else seen
    page.evaluate(AXE)
    found = page.evaluate(JUDGE, {**RULES[locale], "seen": list(seen)})
    seen.update(found["marks"])
    return found["faults"]


def test_a_fault_is_found_on_the_first_page_that_shows_it(chromium: Any) -> None:
    page, seen = chromium.new_page(), {locale: set() for locale in RULES}
    html = (
        '<html lang="en"><title>x</title><style>.pale {{color: #ccc}}</style><main><h1>A page</h1>{}</main>'
    )
    pale, nameless = '<div><p class="pale">pale</p></div>', '<input type="text">'
    for content, found in (
        ("<p>fine</p>", {}),
        (f"<p>fine</p>{pale}", {"en": 1, "zh": 1}),
        (f"<p>other</p>{pale}{pale}", {}),
        (f"{pale}{nameless}", {"en": 1, "de": 1}),
        (f"<section>{pale}</section>", {"en": 1, "zh": 1}),
    ):
        page.set_content(html.format(content))
        assert {one: len(faults(page, one, seen[one])) for one in RULES} == dict.fromkeys(RULES, 0) | found
    assert len(faults(page, "zh")) == 1
    page.close()


@pytest.mark.parametrize(("role", "locale"), [*product(["owner", "viewer"], LOCALES), ("operator", "en")])
def test_every_page_is_complete_translated_and_accessible(
    chromium: Any,
    showroom: Any,
    people: dict[str, str],
    crawled: Callable[[str], tuple[list[str], set[str]]],
    seen: Mapping[str, set[int]],
    role: str,
    locale: str,
) -> None:
    speak(showroom.app, locale)
    paths, reached = crawled(role)
    if locale != "en":
        paths = one_of_a_kind(showroom.app, paths)
    if role == "owner":
        assert reached | NOT_LINKED == crawl.endpoints(showroom.app), "a view that nothing leads to"
    else:
        visitor, *others = (reader(showroom.app, people[who]) for who in (role, *JUDGED_BEFORE[role]))
        for another in others:
            paths = other(paths, visitor, another)
        assert len(paths) > 1, "nothing that nobody before has seen"
    width, colours = LOOKS[locale]
    context, watch, page = opened(chromium, showroom, people[role], width, colours)
    known, found = data(showroom.app), []
    for path in paths:
        assert page.goto(showroom.address + path).status == 200, path
        is_judged = role == "owner" or locale == "en"
        found += [f"{path}: {fault}" for fault in look(page, locale, known, seen[locale], is_judged)]
    assert "\n".join(found) == ""
    assert watch.saw_nothing(), (watch.complaints, watch.strange)
    context.close()


@pytest.mark.skipif("EVERY_LOOK" not in os.environ, reason="takes half an hour: EVERY_LOOK=1")
@pytest.mark.parametrize("width", [PHONE, 1440])
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("role", ["owner", "operator", "viewer"])
def test_every_page_in_every_look(
    chromium: Any,
    showroom: Any,
    people: dict[str, str],
    crawled: Callable[[str], tuple[list[str], set[str]]],
    role: str,
    locale: str,
    colours: str,
    width: int,
) -> None:
    """Judge what the walk leaves out: every rule and page of each role, in each language, colour scheme and width."""
    speak(showroom.app, locale)
    context, watch, page = opened(chromium, showroom, people[role], width, colours)
    found: list[str] = []
    judged: set[int] = set()
    for path in crawled(role)[0]:
        assert page.goto(showroom.address + path).status == 200, path
        found += [f"{path}: {fault}" for fault in faults(page, EVERY_RULE, judged)]
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{path}: {wide} px wide"] * (wide > width)
    assert "\n".join(found) == ""
    assert watch.saw_nothing(), (watch.complaints, watch.strange)
    context.close()


def look(
    page: Any, locale: str, known: str, seen: set[int] | None = None, is_judged: bool = True
) -> list[str]:
    """Return the faults of a page; axe runs only on request, because it takes longer than the page."""
    found = [f"not translated: {text}" for text in untranslated(page.evaluate(TEXTS), locale, known)]
    if page.evaluate("document.documentElement.lang") != TAGS[locale]:
        found.append("another language in its markup")
    if is_judged:
        found += faults(page, locale, seen)
    if LOOKS[locale][0] == PHONE and page.evaluate("document.documentElement.scrollWidth") > PHONE:
        found.append("wider than a phone")
    return found


@pytest.mark.parametrize("locale", LOCALES)
def test_pages_of_strangers_are_complete(chromium: Any, showroom: Any, invitation: str, locale: str) -> None:
    width, colours = LOOKS[locale]
    context = chromium.new_context(
        locale=locale, color_scheme=colours, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    watch, page = Watch(context, showroom.address), context.new_page()
    for path in ("/cms/login", "/cms/schedules/1", "/nowhere", invitation, "/cms/invitation/old"):
        page.goto(showroom.address + path)
        assert look(page, locale, "") == []
    assert watch.strange == []
    context.close()


@pytest.fixture
def with_an_app(showroom: Any, showrooms: Any) -> str:
    """The address of somebody whose second step is an authenticator app."""
    email = f"pat.{uuid4().hex}@example.org"
    with showroom.app.app_context():
        made, _ = administrators.add(email, "viewer", showrooms.PASSWORD)
        sealed = authenticators.sealed(totp.new_secret(), made.id)
        db.session.add(Authenticator(administrator_id=made.id, sealed=sealed, last_step=0))
        db.session.commit()
    return email


@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_of_a_half_finished_sign_in_is_complete(
    chromium: Any, showroom: Any, showrooms: Any, invitation: str, with_an_app: str, locale: str
) -> None:
    """Check the pages between password and code and between invitation and account, also after a wrong answer."""
    width, colours = LOOKS[locale]
    context = chromium.new_context(
        locale=locale, color_scheme=colours, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    watch, page = Watch(context, showroom.address), context.new_page()
    speak(showroom.app, locale)
    page.goto(showroom.address + "/cms/login")
    page.fill("#email", WITH_A_SECOND_STEP)
    page.fill("#password", showrooms.PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_selector("#code")
    seen = look(page, locale, "")
    page.fill("#code", "1")
    seen += answered(page, "#code", locale)
    page.goto(showroom.address + "/cms/login/recovery")
    seen += look(page, locale, "")
    page.fill("#recovery", "none")
    seen += answered(page, "#recovery", locale)
    page.goto(showroom.address + "/cms/login")
    page.fill("#email", with_an_app)
    page.fill("#password", showrooms.PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(re.compile("/cms/login/app"))
    seen += look(page, locale, "")
    page.fill("#code", "1")
    seen += answered(page, "#code", locale)
    page.goto(showroom.address + invitation)
    page.click("main form button")
    page.wait_for_selector("#code")
    seen += look(page, locale, "")
    page.fill("#code", "1")
    page.fill("#repeated", "another")
    seen += answered(page, "#repeated", locale)
    assert seen == []
    assert watch.strange == []
    context.close()


def answered(page: Any, field: str, locale: str) -> list[str]:
    """Submit the form of a field with a wrong value, and check the answer."""
    page.press(field, "Enter")
    page.wait_for_selector(f"{field}-error", timeout=5000)
    return look(page, locale, "")
