"""Delivery reports of providers: can they be proven, and has every word in them a meaning?"""

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from channels.receipts import NeedsProof
from exts import db
from services.doctor.findings import Finding, warn
from services.gateways import unknown_words
from services.roster.roster import current

MOST = 5
"""Words in one line."""


def check_reports() -> Iterator[Finding]:
    """Name gateways that refuse every report, and the unknown words of each; nothing where there are none."""
    for gateway in current():
        if isinstance(gateway, NeedsProof) and gateway.lacks_proof:
            yield warn(
                "reports",
                f"{gateway.name} refuses all delivery reports: it needs a receipt_token, or a signature",
            )
    try:
        found = {gateway.name: unknown_words.of(gateway) for gateway in current()}
        db.session.rollback()
    except SQLAlchemyError:
        return  # the line of the database says why
    for name, words in found.items():
        if words:
            told = ", ".join(f"{one.word} ({one.count})" for one in words[:MOST])
            more = f" and {len(words) - MOST} more" if len(words) > MOST else ""
            yield warn(
                "reports", f"{name} reports words that its table `receipts` does not list: {told}{more}"
            )
