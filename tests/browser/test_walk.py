"""Every page of the console in a real browser, as owner and as viewer, in every language.

The pages are found automatically: those without arguments from the routes, the others through links to them.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from channels.registry import Gateways
from devtools import crawl, translations
from exts import db
from models import Administrator
from services.audit.trail import Actor
from services.languages.locales import LOCALES
from services.people import administrators, invitations
from services.process import parts
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
TEXTS = (HERE / "texts.js").read_text(encoding="utf-8")
VIEWER = "vera@example.org"
WITH_A_SECOND_STEP = "kim@example.org"
"""An operator of the showroom."""
PHONE = 360
LOOKS = {"en": (1280, "light"), "zh": (PHONE, "dark"), "de": (PHONE, "light")}
"""The width and the colour scheme in which axe checks each language; German has the longest words."""
COLOURS = ["color-contrast", "link-in-text-block"]
RULES = {
    "en": {},
    "zh": {"runOnly": COLOURS},
    "de": {"rules": {rule: {"enabled": False} for rule in COLOURS}},
}
"""The rules that axe checks: each one once; those about width also on a phone, those about colours also in dark."""
TAGS = {"en": "en", "zh": "zh-Hans", "de": "de"}
NOT_LINKED = {"cms.template_mail", "cms.invitation"}
"""Views with arguments that no link in the console leads to: the content of a frame, the link in a mail."""
SAME_EVERYWHERE = re.compile(
    r"""
    [^A-Za-z]*                                           # numbers, punctuation
    | .*@.* | [\w.+-]*\*+.*                              # addresses, masked ones
    | [A-Z][\w+-]*(/[\w+-]+)+ | UTC                      # time zones
    | ([A-Z]{2})(,\ [A-Z]{2})*                           # countries
    | [<\ \d.]+\ s                                       # short times
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
    """The cookies of a signed-in owner and viewer."""
    with showroom.app.app_context():
        administrators.add(VIEWER, "viewer", showrooms.PASSWORD)
    return {
        role: showrooms.sign_in(showroom.app, email)
        for role, email in (("owner", showrooms.EMAIL), ("viewer", VIEWER))
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


def other(paths: list[str], one: Any, another: Any) -> set[str]:
    """Return the pages whose elements differ between the two people."""
    return {path for path in paths if elements(one.get(path).text) != elements(another.get(path).text)}


def elements(html: str) -> list[str]:
    """Return the elements of a page, without its navigation."""
    return re.findall(r"<(\w+)", html.partition("<main")[2].partition("</main>")[0])


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


def faults(page: Any, locale: str) -> list[str]:
    """Return the faults that axe calls serious or critical."""
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run({resultTypes: ['violations'], ...rules})", RULES[locale])[
        "violations"
    ]
    return [
        f"{fault['id']}: {node['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_every_page_is_complete_translated_and_accessible(
    chromium: Any, showroom: Any, people: dict[str, str], role: str, locale: str
) -> None:
    speak(showroom.app, locale)
    owner, visitor = (reader(showroom.app, people[who]) for who in ("owner", role))
    paths, reached = crawl.pages(showroom.app, visitor, 2 if locale == "en" else 1)
    judged = set(paths) if role == "owner" else other(paths, visitor, owner) if locale == "en" else set()
    if role == "owner":
        assert reached | NOT_LINKED == crawl.endpoints(showroom.app), "a view that nothing leads to"
    width, colours = LOOKS[locale]
    size = {"width": width, "height": 800}
    context = chromium.new_context(color_scheme=colours, viewport=size, reduced_motion="reduce")
    context.add_cookies([{"name": "sendcode_session", "value": people[role], "url": showroom.address}])
    watch, page = Watch(context, showroom.address), context.new_page()
    known, found = data(showroom.app), []
    for path in paths:
        page.goto(showroom.address + path)
        found += [f"{path}: {fault}" for fault in look(page, locale, known, path in judged)]
    assert "\n".join(found) == ""
    assert watch.saw_nothing(), (watch.complaints, watch.strange)
    context.close()


def look(page: Any, locale: str, known: str, is_judged: bool = True) -> list[str]:
    """Return the faults of a page; axe runs only on request, because it takes longer than the page."""
    found = [f"not translated: {text}" for text in untranslated(page.evaluate(TEXTS), locale, known)]
    if page.evaluate("document.documentElement.lang") != TAGS[locale]:
        found.append("another language in its markup")
    if is_judged:
        found += faults(page, locale)
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


@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_of_a_half_finished_sign_in_is_complete(
    chromium: Any, showroom: Any, showrooms: Any, invitation: str, locale: str
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
