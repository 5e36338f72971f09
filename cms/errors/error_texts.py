"""The one place that maps errors to texts for people and to statuses of pages."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response

from domain.errors import (
    AlreadyInvited,
    AlreadyYours,
    Conflict,
    CountryNotAllowed,
    DestinationLocked,
    InvalidDestination,
    InvalidInput,
    InvalidNetwork,
    LastOwner,
    LimitExceeded,
    MalformedCode,
    NoNextChannel,
    NotAgain,
    NotAuthenticated,
    NotFound,
    OwnAccount,
    SendcodeError,
    VerificationLocked,
    WeakPassword,
)
from domain.passwords import MAX_LENGTH, MIN_LENGTH
from domain.refusals import Refusal
from domain.roles import Role
from domain.statuses import Channel, VerificationStatus
from services.codes.checks import CheckResult
from services.keys import api_keys
from services.limits.refusals import Refusals
from services.limits.safe_prefixes import LONGEST_NOTE
from services.process.parts import part

Answer = str | Response | tuple[str, int] | tuple[str, int, Mapping[str, str]]

ROLES = {
    Role.OWNER: lazy_gettext("owner"),
    Role.OPERATOR: lazy_gettext("operator"),
    Role.VIEWER: lazy_gettext("viewer"),
}


def role_name(role: Role) -> str:
    """Return the display name of a role."""
    return str(ROLES[role])


def status_and_headers(error: SendcodeError) -> tuple[int, Mapping[str, str]]:
    """Return the HTTP status and Retry-After header of a page that shows `error`; count it if it is a refusal."""
    if isinstance(error, LimitExceeded):
        part(Refusals).note(error)
        return 429, {"Retry-After": str(error.retry_after)}
    return (409 if isinstance(error, Conflict) else 422), {}


def wait_text(seconds: int) -> str:
    """Return a wait in words, rounded up."""
    if seconds < 90:
        return ngettext("%(num)s second", "%(num)s seconds", seconds)
    if seconds < 90 * 60:
        return ngettext("%(num)s minute", "%(num)s minutes", -(-seconds // 60))
    return ngettext("%(num)s hour", "%(num)s hours", -(-seconds // 3600))


def sign_in_text(error: SendcodeError) -> str:
    """Return the same text for every failed sign-in, except for the rate limit."""
    if isinstance(error, LimitExceeded):
        return _("Too many failed sign-ins. Try again in %(wait)s.", wait=wait_text(error.retry_after))
    return _("E-mail or password is wrong. Try again, or ask an owner of this console for a new password.")


def password_text(error: SendcodeError) -> str:
    """Return why a confirmed password was not accepted."""
    if isinstance(error, NotAuthenticated):
        return _("That is not your password. Try again; an owner of this console can reset a lost one.")
    return sign_in_text(error)


def new_password_text(error: WeakPassword) -> str:
    """Return what a new password needs."""
    if error.fault == "short":
        return _("Use at least %(length)s characters.", length=MIN_LENGTH)
    if error.fault == "long":
        return _("Use at most %(length)s characters.", length=MAX_LENGTH)
    if error.fault == "unchanged":
        return _("This is the password you have. Choose a new one.")
    return _("This password is too easy to guess. Try a few unusual words.")


def destination_text(error: SendcodeError, channel: Channel) -> str:
    """Return why no code could be sent to a destination."""
    is_email = channel is Channel.EMAIL
    if isinstance(error, AlreadyYours):
        if is_email:
            return _("This is already your e-mail address. Enter another one.")
        return _("This is already your number. Enter another one.")
    if isinstance(error, CountryNotAllowed):
        return _not_to_this_country()
    if isinstance(error, InvalidDestination):
        if is_email:
            return _("Enter one e-mail address, such as name@example.org.")
        return _("Enter one phone number, such as +86 138 0013 8000.")
    if isinstance(error, LimitExceeded):
        return _limit_text(error, is_email)
    if isinstance(error, NotFound):
        return _("Send a code first.")
    if isinstance(error, Conflict):
        return _("Another administrator has this e-mail address. Nothing was changed.")
    return _("This could not be sent. Check what you entered.")


def code_text(error: SendcodeError, length: int) -> str:
    """Return why a code was not checked."""
    if isinstance(error, MalformedCode):
        return ngettext(
            "Enter the %(num)s digit of the code.", "Enter the %(num)s digits of the code.", length
        )
    if isinstance(error, VerificationLocked):
        return _("Too many wrong codes. Send a new code.")
    if isinstance(error, DestinationLocked):
        wait = wait_text(error.retry_after)
        return _("Too many wrong codes. Try again in %(wait)s.", wait=wait)
    return _("This code could not be checked. Send a new one.")


def result_text(result: CheckResult) -> str:
    """Return why a checked code was not accepted."""
    if result.status is VerificationStatus.LOCKED:
        return _("That is not the code, and it was the last try. Send a new code.")
    if result.status is not VerificationStatus.PENDING:
        return _("This code has expired. Send a new one.")
    if result.attempts_left is None:
        return _("That is not the code.")
    return ngettext(
        "That is not the code. %(num)s try left.",
        "That is not the code. %(num)s tries left.",
        result.attempts_left,
    )


def administrator_text(error: SendcodeError) -> str:
    """Return why an administrator could not be added or changed."""
    if isinstance(error, LastOwner):
        return _("This is the last owner. Make somebody else an owner first.")
    if isinstance(error, OwnAccount):
        return _("This is your own account. Another owner can change it.")
    if isinstance(error, Conflict):
        if isinstance(error, AlreadyInvited):
            return _(
                "This address is already invited. You can send the invitation again on the page Administrators."
            )
        return _("An administrator with this e-mail address already exists. See the page Administrators.")
    if isinstance(error, InvalidDestination):
        return _("Enter one e-mail address, such as name@example.org.")
    return _("Choose one of the roles.")


def gateway_test_text(error: SendcodeError, channel: Channel) -> str:
    """Return why no test could be sent."""
    if isinstance(error, LimitExceeded):
        wait = wait_text(error.retry_after)
        return _("That is enough for now. You can send another test in %(wait)s.", wait=wait)
    if isinstance(error, CountryNotAllowed):
        return _not_to_this_country()
    if isinstance(error, InvalidDestination):
        return destination_text(error, channel)
    return _("The name of this gateway is too long for a test.")


def safe_prefix_texts(error: InvalidInput) -> dict[str, str]:
    """Return the error text for each wrong field of a safe-list entry."""
    texts = {
        "prefix": _("Enter the beginning of a number, such as +49 170, or a complete number."),
        "name": _("This entry is already on the list."),
        "note": _("Write at most %(length)s characters.", length=LONGEST_NOTE),
    }
    told = {problem.field: texts.get(problem.field, problem.message) for problem in error.problems}
    return {"prefix" if name == "name" else name: text for name, text in told.items()}


def key_texts(error: InvalidInput) -> dict[str, str]:
    """Return the error text for each wrong field of an API key."""
    texts = {
        "name": _("Give it a name of up to %(length)s characters.", length=api_keys.LONGEST_NAME),
        "scopes": _("Choose at least one scope."),
        "networks": _("Enter up to 50 addresses or networks, such as 203.0.113.7 or 2001:db8::/32."),
    }
    if isinstance(error, InvalidNetwork):
        texts["networks"] = _(
            "“%(given)s” is not an address or network. Write it like 203.0.113.7 or 2001:db8::/32.",
            given=error.given[:60],
        )
    return {problem.field: texts.get(problem.field, problem.message) for problem in error.problems}


def not_changed_text(error: SendcodeError, channel: Channel = Channel.SMS) -> str | None:
    """Return why a message or code was not sent again, by the next channel, or canceled; None for unexpected errors."""
    if isinstance(error, LimitExceeded):
        return _limit_text(error, channel is Channel.EMAIL)
    if isinstance(error, NoNextChannel):
        return _("Its fallback has no step left.")
    if isinstance(error, CountryNotAllowed):
        return _not_to_this_country()
    texts = {
        Refusal.CODE: _("This message carries a code. Send it again or cancel it through its verification."),
        Refusal.ENDED: _("This verification has ended, so its code is no longer sent."),
        Refusal.UNDER_WAY: _("This message is still on its way. Wait until it is finished, or cancel it."),
        Refusal.GONE: _("The content of this message is no longer kept, so it can't be sent again."),
        Refusal.SUPPRESSED: _("This destination no longer gets bulk messages, so it was not sent again."),
    }
    if isinstance(error, NotAgain) and error.why in texts:
        return texts[error.why]
    return _("Too late: its status has changed.") if isinstance(error, Conflict) else None


def _not_to_this_country() -> str:
    return _(
        "SMS to this country is not switched on. Whoever runs this installation can add it to SMS_COUNTRIES."
    )


def _limit_text(error: LimitExceeded, is_email: bool) -> str:
    wait = wait_text(error.retry_after)
    if error.limit == "resend_cooldown":
        return _("A code was requested a moment ago. You can request it again in %(wait)s.", wait=wait)
    if error.limit in ("sms_sends_per_day", "country_sends_per_day", "pumping_guard"):
        return _("No more SMS can be sent for now. Try again in %(wait)s.", wait=wait)
    if error.limit.startswith("destination_") and is_email:
        return _("Too many codes were requested for this address. Try again in %(wait)s.", wait=wait)
    if error.limit.startswith("destination_"):
        return _("Too many codes were requested for this number. Try again in %(wait)s.", wait=wait)
    return _("Too many codes were requested just now. Try again in %(wait)s.", wait=wait)
