"""What people call a template, beside the name by which programs send it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.characters import has_control_characters
from domain.errors import FieldProblem, InvalidInput
from exts import db
from models import TemplateTitle
from services.audit import trail
from services.audit.trail import Actor
from services.storage.transactions import transaction
from services.templating.given import OWN_TEMPLATES

LONGEST = 100
"""Characters."""


def everything() -> dict[str, str]:
    """Return the titles that people gave, by the template's name."""
    return {row.name: row.title for row in db.session.scalars(select(TemplateTitle))}


def checked(title: str) -> str:
    """Return a title without needless spaces; raises InvalidInput for one that is too long or can't be shown."""
    if has_control_characters(title) or len(title := " ".join(title.split())) > LONGEST:
        raise InvalidInput(FieldProblem("title", f"must be one line of at most {LONGEST} characters"))
    return title


def give(name: str, title: str, *, by: Actor) -> None:
    """Give a template a title, or take it away with an empty one; raises InvalidInput.

    The service's own templates keep the titles that the console's catalogues have for them.
    """
    title = checked(title)
    if name in OWN_TEMPLATES:
        return

    def work(session: Session) -> None:
        row = session.get(TemplateTitle, name)
        old = row.title if row else ""
        if old == title:
            return
        if row and not title:
            session.delete(row)
        else:
            session.merge(TemplateTitle(name=name, title=title))
        trail.note(session, by, Action.TEMPLATE_NAMED, name, before={"title": old}, after={"title": title})

    transaction(work)
