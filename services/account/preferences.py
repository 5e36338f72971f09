"""An administrator's time zone and language."""

from contextlib import suppress

from sqlalchemy.orm import Session

from domain.actions import Action
from domain.errors import FieldProblem, InvalidInput
from domain.zones import parse_zone
from services.account.accounts import living, note
from services.languages.locales import LOCALES
from services.sign_in.sessions import ConsoleSession
from services.storage.transactions import transaction


def set_zone(session: ConsoleSession, zone: str, *, client_ip: str | None = None) -> None:
    """Set the zone in which times are shown; raises InvalidInput."""
    parse_zone(zone)

    def work(database: Session) -> None:
        administrator = living(database, session)
        told = {"before": {"zone": administrator.zone or "UTC"}, "after": {"zone": zone}}
        note(database, administrator, Action.ZONE_CHANGED, client_ip, **told)
        administrator.zone = zone

    transaction(work)


def adopt_zone(session: ConsoleSession, zone: str, *, client_ip: str | None = None) -> None:
    """Set the browser's zone for somebody who has never chosen one; what is no zone is ignored."""
    with suppress(InvalidInput):
        set_zone(session, zone, client_ip=client_ip)


def set_language(session: ConsoleSession, locale: str | None, *, client_ip: str | None = None) -> None:
    """Set the language of pages and mails; None leaves it to the browser.

    Raises InvalidInput.
    """
    if locale is not None and locale not in LOCALES:
        raise InvalidInput(FieldProblem("locale", f"must be one of {', '.join(LOCALES)}"))

    def work(database: Session) -> None:
        administrator = living(database, session)
        told = {"before": {"language": administrator.locale}, "after": {"language": locale}}
        note(database, administrator, Action.LANGUAGE_CHANGED, client_ip, **told)
        administrator.locale = locale

    transaction(work)
