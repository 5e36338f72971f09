"""Is a text fit to be sent? Everything wrong with it is found when it is saved, not when somebody waits for it."""

import re
from collections.abc import Iterator

from jinja2 import TemplateError

from domain import segments
from domain.bound_codes import host_of
from domain.characters import has_control_characters
from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel
from domain.template_keys import CODE, CODE_LINK, TextKey
from services.templating import text_rules, text_samples
from services.templating.given import LONGEST_SMS
from services.templating.mails import conversion
from services.templating.text_rules import Fault, FaultKind
from services.templating.text_sources import Source

MOST_BYTES = 48_000
"""Of text, subject and HTML, before anything is filled in: both a form and a column have room for 64 KiB."""
LONGEST_SUBJECT = 200
LONGEST_COMMENT = 200
LONGEST_ID = 64
_ID = re.compile(r"[\x21-\x7e]{1,64}")


class BadText(InvalidInput):
    """Raised where a text is not fit to be sent; lists every fault."""

    code = "bad_text"

    def __init__(self, *faults: Fault):
        super().__init__(*(FieldProblem(fault.part, str(fault)) for fault in faults))
        self.faults = faults


def faults(key: TextKey, source: Source) -> list[Fault]:
    """Return everything wrong with a text; the rendered text is checked only where the source has no fault."""
    found = [
        *_sizes(key, source),
        *(fault for part, text in _parts(source).items() for fault in text_rules.faults(part, text)),
        *_providers(key, source),
    ]
    if source.is_markdown and not found:
        found += conversion.faults(source.text)
    if source.host is not None and (not source.host or host_of(source.host) != source.host):
        found.append(Fault("host", FaultKind.HOST))
    return found or [*_variables(key, source), *_providers_variables(key, source)] or list(_said(key, source))


def comment_faults(comment: str) -> list[Fault]:
    """Return what is wrong with the words about a change."""
    if has_control_characters(comment):
        return [Fault("comment", FaultKind.CHARACTERS)]
    return (
        [Fault("comment", FaultKind.LONG, {"most": LONGEST_COMMENT})]
        if len(comment) > LONGEST_COMMENT
        else []
    )


def _parts(source: Source) -> dict[str, str]:
    parts = {"subject": source.subject, "text": source.text, "html": source.html}
    return {name: text for name, text in parts.items() if text}


def _sizes(key: TextKey, source: Source) -> Iterator[Fault]:
    if not source.text.strip():
        yield Fault("text", FaultKind.EMPTY)
    if key.channel is Channel.EMAIL and not (source.subject or "").strip():
        yield Fault("subject", FaultKind.EMPTY)
    if key.channel is Channel.SMS and len(source.text) > LONGEST_SMS:
        yield Fault("text", FaultKind.LONG, {"most": LONGEST_SMS})
    if len(source.subject or "") > LONGEST_SUBJECT:
        yield Fault("subject", FaultKind.LONG, {"most": LONGEST_SUBJECT})
    if sum(len(text.encode(errors="replace")) for text in _parts(source).values()) > MOST_BYTES:
        yield Fault("html" if source.html else "text", FaultKind.LONG, {"most": MOST_BYTES})
    for part, text in _parts(source).items():
        if has_control_characters(text if part == "subject" else re.sub(r"[\n\t]", "", text)):
            yield Fault(part, FaultKind.CHARACTERS)


def _variables(key: TextKey, source: Source) -> Iterator[Fault]:
    known = text_samples.known(key)
    asked = {part: text_rules.variables(text) for part, text in _parts(source).items()}
    for part, names in asked.items():
        for name in sorted(names - known) if known is not None else ():
            yield Fault(part, FaultKind.UNKNOWN, {"name": name, "known": sorted(known or ())})
        for name in sorted(one for one in names if len(one) > LONGEST_ID or not one.isascii()):
            yield Fault(part, FaultKind.UNKNOWN, {"name": name, "known": sorted(known or ())})
    if key.name in (CODE, CODE_LINK) and CODE in asked.get("subject", ()):
        yield Fault("subject", FaultKind.CODE_IN_SUBJECT)


def _said(key: TextKey, source: Source) -> Iterator[Fault]:
    """Check the text rendered with sample values, in the plural and in the singular."""
    version = source.version()
    is_code = key.name in (CODE, CODE_LINK)
    names = version.variables | {CODE} if is_code else version.variables
    samples = text_samples.values(key, names, links=version.links)
    for values in (samples, {**samples, "minutes": 1}) if is_code else (samples,):
        try:
            said = version.render(values)
        except TemplateError as error:
            yield Fault("text", FaultKind.FAILS, {"text": error.message or ""})
            return
        for part, text in (("text", _before_last_line(said.text, source)), ("html", said.html)):
            if is_code and text is not None and str(values[CODE]) not in text:
                yield Fault(part, FaultKind.MISSING, {"name": CODE})
                return
        if key.channel is Channel.SMS and not said.text.strip():
            yield Fault("text", FaultKind.EMPTY)
            return
        if key.channel is Channel.SMS and len(said.text) > LONGEST_SMS:
            yield Fault("text", FaultKind.LONG, {"most": LONGEST_SMS})
            return
        taken = segments.count(said.text) if source.host else None
        if taken and taken.count > 1:
            most = segments.ONE[taken.encoding]
            yield Fault("host", FaultKind.SEGMENTS, {"over": taken.units - most, "most": most})
            return


def _before_last_line(text: str, source: Source) -> str:
    return text.rpartition("\n")[0] if source.host else text


def _providers(key: TextKey, source: Source) -> Iterator[Fault]:
    for gateway, one in source.providers.items():
        if not _ID.fullmatch(one.id):
            yield Fault(f"provider-{gateway}-id", FaultKind.PROVIDER_ID)
        if len(one.sign_name) > LONGEST_ID or has_control_characters(one.sign_name):
            yield Fault(f"provider-{gateway}-sign", FaultKind.LONG, {"most": LONGEST_ID})


def _providers_variables(key: TextKey, source: Source) -> Iterator[Fault]:
    known = text_samples.known(key)
    for gateway, one in source.providers.items():
        unknown = sorted({ours for _, ours in one.params} - known) if known is not None else []
        if unknown:
            told = {"name": unknown[0], "known": sorted(known or ())}
            yield Fault(f"provider-{gateway}-params", FaultKind.PROVIDER_UNKNOWN, told)
