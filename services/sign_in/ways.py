"""The ways in which somebody can prove the second step of a sign-in."""

from enum import StrEnum

from flask import current_app
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.relying_party import relying_party
from domain.statuses import Channel
from exts import db
from models import Administrator, Authenticator, Passkey


class Way(StrEnum):
    """How the second step is proven; recovery codes replace any of them."""

    PASSKEY = "passkey"
    APP = "app"
    CODE = "code"


def chosen(session: Session, administrator: Administrator) -> tuple[Way, ...]:
    """Return the ways that somebody has set up, the strongest first."""
    own = administrator.id
    has_passkey, has_app = session.execute(
        select(
            exists().where(Passkey.administrator_id == own),
            exists().where(Authenticator.administrator_id == own, Authenticator.sealed.is_not(None)),
        )
    ).one()
    found = {Way.PASSKEY: has_passkey, Way.APP: has_app, Way.CODE: administrator.second_factor is not None}
    return tuple(way for way, is_there in found.items() if is_there)


def of(session: Session, administrator: Administrator) -> tuple[Way, ...]:
    """Return the ways that a sign-in may use, the strongest first; none where the password is enough.

    Where a second step is required, codes are the way of people who have not set up any. Passkeys that PUBLIC_URL no
    longer allows stay only where there is nothing else: a recovery code is needed then.
    """
    found = chosen(session, administrator)
    if not found:
        return (Way.CODE,) if current_app.config["SECOND_FACTOR_REQUIRED"] else ()
    has_site = relying_party(current_app.config["PUBLIC_URL"]) is not None
    return tuple(way for way in found if has_site or way is not Way.PASSKEY) or found


def of_account(administrator_id: int) -> tuple[Way, ...]:
    """Return the ways that an administrator has set up, for pages."""
    found = db.session.get(Administrator, administrator_id, populate_existing=True)
    ways = chosen(db.session(), found) if found else ()
    db.session.rollback()
    return ways


def names(ways: tuple[Way, ...], administrator: Administrator) -> list[str]:
    """Return what the audit trail calls ways: codes by their channel."""
    return [(administrator.second_factor or way) if way is Way.CODE else way.value for way in ways]


def channel_of(administrator: Administrator) -> Channel:
    """Return the channel of an administrator's codes.

    E-mail is the default, also where the phone is gone from the account: a second step is never dropped silently.
    """
    wants_sms = administrator.second_factor == Channel.SMS
    return Channel.SMS if wants_sms and administrator.phone else Channel.EMAIL
