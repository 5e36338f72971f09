"""What the form of a gateway calls its fields, and its errors."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup

from domain.errors import InvalidInput
from services.roster.editing import Field, Form

COMPANIES: Mapping[str, Any] = {
    "http": lazy_gettext("Any other interface over HTTP, your own or a provider's"),
    "smtp": lazy_gettext("A mail server, over SMTP"),
    "twilio": lazy_gettext("Twilio, United States (twilio.com)"),
    "vonage": lazy_gettext("Vonage, United States (vonage.com)"),
    "sns": lazy_gettext("Amazon SNS, United States (aws.amazon.com/sns)"),
    "aliyun": lazy_gettext("Alibaba Cloud 阿里云, China (aliyun.com)"),
    "tencent": lazy_gettext("Tencent Cloud 腾讯云, China (cloud.tencent.com)"),
    "ronglian": lazy_gettext("Yuntongxun 容联云, China (yuntongxun.com)"),
}
"""The types that are no presets; presets say it themselves."""

LABELS: Mapping[str, Any] = {
    "name": lazy_gettext("Name"),
    "from": lazy_gettext("Sender"),
    "sender": lazy_gettext("Sender"),
    "sender_id": lazy_gettext("Sender"),
    "url": lazy_gettext("URL"),
    "address": lazy_gettext("URL"),
    "server": lazy_gettext("Server"),
    "port": lazy_gettext("Port"),
    "username": lazy_gettext("User name"),
    "password": lazy_gettext("Password"),
    "secret": lazy_gettext("Secret"),
    "api_key": lazy_gettext("API key"),
    "region": lazy_gettext("Region"),
    "signature": lazy_gettext("Signature"),
    "sign_name": lazy_gettext("Signature"),
    "countries": lazy_gettext("Countries"),
    "rate": lazy_gettext("Rate limit"),
    "use_tls": lazy_gettext("STARTTLS"),
    "use_ssl": lazy_gettext("TLS from the first byte"),
    "reply_to": lazy_gettext("Answers go to"),
    "bounce_address": lazy_gettext("Bounces go to"),
    "connections": lazy_gettext("Connections of one worker process"),
    "timeout": lazy_gettext("Seconds to wait for a reply"),
    "smtputf8": lazy_gettext("Takes addresses that are not ASCII before the @ (SMTPUTF8)"),
    "ehlo_name": lazy_gettext("Name for EHLO"),
    "interface": lazy_gettext("The provider's interface"),
    "receipt_token": lazy_gettext("Token of delivery reports"),
    "status_callback": lazy_gettext("URL of delivery reports"),
    "ca_file": lazy_gettext("File of private certificates"),
}
"""A field that is not here is called as the company calls it, which is its key in other letters."""

HINTS: Mapping[str, Any] = {
    "name": lazy_gettext(
        "It appears in the lists, in the log and in the URL of delivery reports, and can't be changed."
    ),
    "countries": lazy_gettext("ISO codes such as DE, AT. Empty: all countries that are switched on."),
    "rate": lazy_gettext("Sends a second, or 3/minute, 3/hour. Empty: no limit."),
    "secret": lazy_gettext("Signs each request as Standard Webhooks says, and proves delivery reports."),
    "interface": lazy_gettext(
        "In TOML, as in gateways.toml: body, headers, auth, success, errors, receipts and more. "
        "Empty: our own interface."
    ),
    "receipt_token": lazy_gettext("Proves delivery reports: 16 to 128 of A-Z a-z 0-9 _ -, made up by you."),
    "ca_file": lazy_gettext("A path on the servers, for private authorities only."),
    "sender": lazy_gettext("Such as Example <no-reply@example.com>"),
    "from": lazy_gettext("A number, or a name of up to 11 letters and digits."),
    "port": lazy_gettext("Empty: 587 with STARTTLS, 465 with TLS, else 25."),
    "username": lazy_gettext("Empty: no login."),
    "sign_name": lazy_gettext("Approved, without its brackets."),
    "region": lazy_gettext("Such as eu-central-1"),
    "status_callback": lazy_gettext("Empty: as it is set at the company."),
}
"""Of fields without an explanation in the words of a preset."""

PROBLEMS: Mapping[str, Any] = {
    "is missing": lazy_gettext("Fill this in."),
    "must be a whole number": lazy_gettext("Enter a whole number."),
    "must be 1 to 64 of a-z 0-9 _ -": lazy_gettext("Use 1 to 64 of a-z 0-9 _ -"),
    "another gateway has this name": lazy_gettext("Another gateway has this name."),
    "must hold ISO codes of two capital letters": lazy_gettext("Use codes of two letters, such as DE, AT."),
    "variables such as ${NAME} work in gateways.toml only: enter the value itself": lazy_gettext(
        "Variables such as ${NAME} work in gateways.toml only: enter the value itself."
    ),
}
"""The mistakes that people make most; the others are said as for gateways.toml."""

SPELT = {"id": "ID", "sid": "SID", "api": "API", "url": "URL", "apikey": "API key"}


def label(name: str) -> str:
    """Return the label of a field."""
    if name in LABELS:
        return str(LABELS[name])
    words = " ".join(SPELT.get(word, word) for word in name.split("_"))
    return Markup('<span translate="no">{}</span>').format(words[0].upper() + words[1:])


def company(form: Form) -> str:
    """Return who or what is behind a type or a preset, in one line."""
    return _(form.about) if form.about else str(COMPANIES[form.kind])


def choices(forms: Sequence[Form]) -> list[tuple[str, str, str]]:
    """Return who is behind each form, where to find them, and its type or preset; the last is for all others."""
    found = []
    for form in forms:
        name, _bracket, where = company(form).partition(" (")
        found.append((name, where.removesuffix(")") or form.kind, form.kind))
    return sorted(found, key=lambda one: (one[2] == "http", one[0].casefold()))


def hint(field: Field) -> str:
    """Return what helps to fill in a field: the words of its preset, or ours."""
    if not field.about:
        return str(HINTS.get(field.name, ""))  # a lazy text would not be escaped
    told = _(field.about)
    return told if "." in told.split()[0] else told[0].upper() + told[1:]


def errors_of(error: InvalidInput) -> dict[str, str]:
    """Return the error text for each wrong field."""
    return {problem.field: _said(problem.message) for problem in error.problems}


def _said(message: str) -> str:
    return str(PROBLEMS[message]) if message in PROBLEMS else message
