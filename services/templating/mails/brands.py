"""The brand of mails from Markdown: read it, change it, and the pictures that it shows."""

import hashlib
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import brand as rules
from domain import pngs
from domain.actions import Action
from domain.brand import PLAIN, Brand, Logo
from domain.errors import FieldProblem, InvalidInput, NotFound
from exts import db
from models import MailBrand, MailLogo, clock
from services.audit import trail
from services.audit.trail import Actor
from services.process.freshness import once_in
from services.storage.transactions import Writer, transaction

ONLY = 1
LONGEST_LOGO = 48_000
"""Bytes: with the other fields it fits into a form."""
SHOWN_SECONDS = 5.0
_brand = MailBrand.__table__


def read(reader: Writer) -> Brand:
    """Return the current brand."""
    row = reader.execute(select(_brand).where(_brand.c.id == ONLY)).one_or_none()
    if row is None:
        return PLAIN
    logo = Logo(row.logo, row.logo_width, row.logo_height) if row.logo else None
    return Brand(row.colour, row.footer, logo)


def current() -> Brand:
    """Return the current brand, for a page."""
    found = read(db.session())
    db.session.rollback()
    return found


@once_in(SHOWN_SECONDS)
def shown() -> Brand:
    """Return the brand for pages that need no sign-in, at most five seconds old."""
    with db.engine.connect() as connection:
        return read(connection)


def change(colour: str, footer: str, *, picture: bytes | None, keeps_logo: bool, by: Actor) -> None:
    """Change the brand; `picture` is a new logo, else the old one is kept or taken away.

    Raises InvalidInput with everything that is wrong.
    """
    colour, footer = rules.colour(colour), rules.footer(footer)
    size = pngs.size(picture) if picture else None
    if picture and (size is None or len(picture) > LONGEST_LOGO):
        raise InvalidInput(FieldProblem("logo", f"must be a PNG file of at most {LONGEST_LOGO} bytes"))

    def work(session: Session) -> None:
        old = read(session)
        logo = old.logo if keeps_logo else None
        if picture and size:
            logo = _keep(session, picture, size)
        new = Brand(colour, footer, logo)
        if new == old:
            return
        shown = {"logo": logo.name, "logo_width": logo.width, "logo_height": logo.height} if logo else {}
        none = dict.fromkeys(("logo", "logo_width", "logo_height"))
        session.merge(MailBrand(id=ONLY, colour=colour, footer=footer, **{**none, **shown}))
        trail.note(session, by, Action.BRAND_CHANGED, "mail", before=_told(old), after=_told(new))

    transaction(work)


def picture(name: str) -> bytes:
    """Return the content of a logo; raises NotFound."""
    found = db.session.scalars(select(MailLogo.content).where(MailLogo.name == name)).one_or_none()
    db.session.rollback()
    if found is None:
        raise NotFound("no such picture")
    return found


def _keep(session: Session, content: bytes, size: tuple[int, int]) -> Logo:
    name = hashlib.sha256(content).hexdigest()[:32]
    if session.get(MailLogo, name) is None:
        session.add(MailLogo(name=name, content=content, created_at=clock.now()))
    return Logo(name, *size)


def _told(brand: Brand) -> dict[str, str]:
    told = {name: str(value) for name, value in asdict(brand).items() if name != "logo"}
    return {**told, "logo": brand.logo.name if brand.logo else ""}
