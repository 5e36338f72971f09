"""Hourly and daily reports by e-mail; a schedule sends them, and its arguments name the recipients."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent
from flask import current_app
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel, MessageStatus
from domain.zones import parse_zone
from models.traffic import NONE
from services.figures import traffic
from services.figures.tallies import Tally
from services.figures.traffic_counts import HOUR
from services.languages import locales
from services.messaging import incoming

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """The counts of a span by channel, by gateway and by purpose."""

    begin: datetime
    end: datetime
    zone: ZoneInfo
    locale: str
    counts: Mapping[tuple[str, str, str], Tally]

    def by(self, column: int) -> dict[str, Tally]:
        """Return the tallies by channel (0), gateway (1) or purpose (2), in the order of their names."""
        sums: defaultdict[str, Tally] = defaultdict(Tally)
        for key, tally in self.counts.items():
            sums[key[column]] += tally
        return dict(sorted(sums.items()))

    @property
    def total(self) -> Tally:
        """The sum of all tallies."""
        return sum(self.counts.values(), Tally())


def send_hourly(task_id: str, recipients: Sequence[str], locale: str | None, zone: str) -> int:
    """Put a mail about the last full hour into the outbox for each recipient; return how many.

    Raises InvalidInput for an invalid address or zone.
    """
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return _send(task_id, recipients, _report(end - HOUR, end, locale, zone))


def send_daily(task_id: str, recipients: Sequence[str], locale: str | None, zone: str) -> int:
    """Put a mail about yesterday in `zone` into the outbox for each recipient; return how many.

    Counts are kept by the UTC hour: a day that begins within one is counted from the start of that hour. Raises as
    `send_hourly`.
    """
    midnight = datetime.now(parse_zone(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    begin, end = (
        moment.astimezone(UTC).replace(minute=0) for moment in (midnight - timedelta(days=1), midnight)
    )
    return _send(task_id, recipients, _report(begin, end, locale, zone))


def subject(report: Report) -> str:
    """Return the subject: the service, the time, the most important number."""
    number = report.total.taken
    with force_locale(report.locale):
        sent = ngettext(
            "%(count)s message sent", "%(count)s messages sent", number, count=_number(report, number)
        )
        return f"{current_app.config['SERVICE_NAME']}: {_when(report)}: {sent}"


def text(report: Report) -> str:
    """Return the body."""
    with force_locale(report.locale):
        return "\n".join(_lines(report)) + "\n"


def _report(begin: datetime, end: datetime, locale: str | None, zone: str) -> Report:
    def counted(counts: traffic.Traffic) -> dict[tuple[str, str, str], Tally]:
        sums: defaultdict[tuple[str, str, str], Tally] = defaultdict(Tally)
        for (hour, *key), tally in counts.by("hour", "channel", "gateway", "purpose").items():
            if hour < end:
                sums[key[0], key[1], key[2]] += tally
        return dict(sums)

    spoken = locales.nearest_locale(locale, current_app.config["DEFAULT_LOCALE"])
    return Report(begin, end, parse_zone(zone), spoken, traffic.look(begin, counted))


def _send(task_id: str, recipients: Sequence[str], report: Report) -> int:
    if not recipients:
        log.warning("a report has no recipients and is not sent")
        return 0
    if incoming.accept_mail(task_id, subject(report), recipients, text(report)) == incoming.REFUSED:
        raise InvalidInput(FieldProblem("recipients", "must be a list of e-mail addresses"))
    return 1 if isinstance(recipients, str) else len(recipients)


def _lines(report: Report) -> Iterator[str]:
    yield f"{_when(report)} ({report.zone.key})"
    yield ""
    yield _codes(report)
    for purpose, tally in report.by(2).items():
        if tally.issued:
            yield f"  {purpose}: {_number(report, tally.approved)} / {_number(report, tally.issued)}"
    yield ""
    names = {Channel.SMS.value: _("SMS"), Channel.EMAIL.value: _("E-mail"), NONE: _("no gateway")}
    for channel, tally in report.by(0).items():
        yield f"{names[channel]}: {_fates(report, tally)}"
    for gateway, tally in report.by(1).items():
        yield f"  {names[NONE] if gateway == NONE else gateway}: {_fates(report, tally)}"
    if not report.counts:
        yield _("Nothing was sent.")


def _codes(report: Report) -> str:
    total = report.total
    numbers = {"approved": _number(report, total.approved), "issued": _number(report, total.issued)}
    line: str = _("Codes entered rightly: %(approved)s of %(issued)s", **numbers)
    if total.conversion is None:
        return line
    return f"{line} ({format_percent(total.conversion, '0.0 %', locale=report.locale)})"


def _fates(report: Report, tally: Tally) -> str:
    """Return the counts of messages by result, without the zeros."""
    named = {
        _("sent"): tally.taken,
        _("delivered"): tally.of(MessageStatus.DELIVERED),
        _("not delivered"): tally.of(MessageStatus.UNDELIVERED),
        _("failed"): tally.of(MessageStatus.FAILED),
        _("expired"): tally.of(MessageStatus.EXPIRED),
        _("canceled"): tally.of(MessageStatus.CANCELED),
        _("waiting"): tally.waiting,
    }
    return ", ".join(f"{name} {_number(report, number)}" for name, number in named.items() if number) or "0"


def _when(report: Report) -> str:
    region = locales.of_dates(report.locale)
    day = format_date(report.begin.astimezone(report.zone), "medium", locale=region)
    if report.end - report.begin > HOUR:
        return day
    begin, end = (
        format_time(moment, "short", tzinfo=report.zone, locale=region)
        for moment in (report.begin, report.end)
    )
    return f"{day} {begin}–{end}"


def _number(report: Report, number: int) -> str:
    return format_decimal(number, locale=report.locale)
