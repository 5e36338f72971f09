"""Accept an invitation and be signed in: the code has just proven the mailbox, and the password is new."""

from sqlalchemy.orm import Session

from domain.statuses import SignInOutcome
from models import Administrator
from services.codes.checks import CheckResult
from services.people import accepting
from services.sign_in import sessions, sign_ins
from services.sign_in.sessions import ConsoleSession
from services.sign_in.sign_ins import Browser


def join(
    token: str, code: str, password: str, *, browser: Browser
) -> tuple[CheckResult, str, ConsoleSession | None]:
    """Accept an invitation and start a session in the same transaction; return its token. Raises what `accept` raises.

    The code counts as the second step, where one is required: it went to the mailbox that a second step would use.
    """
    started: list[tuple[str, ConsoleSession]] = []

    def begin(session: Session, administrator: Administrator) -> None:
        sign_ins.note(session, SignInOutcome.SIGNED_IN, administrator.email, administrator.id, browser)
        started[:] = [sessions.start(session, administrator, browser)]

    result = accepting.accept(token, code, password, client_ip=browser.ip, on_join=begin)
    return (result, *started[0]) if result.valid else (result, "", None)
