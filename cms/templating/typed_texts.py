"""The fields of the text editor: what they say, and what a text looks like in them."""

from collections.abc import Mapping

from flask import current_app
from werkzeug.datastructures import MultiDict

from domain.bound_codes import host_of
from domain.provider_templates import ProviderTemplate, params_text, read_params
from domain.template_keys import CODE, TextKey
from services.templating import titles
from services.templating.template_views import TextView
from services.templating.text_providers import takers
from services.templating.text_rules import Fault, FaultKind
from services.templating.text_sources import Source

MARKDOWN = "markdown"
"""The value of `format` for a mail in Markdown."""


def read(key: TextKey, form: Mapping[str, str]) -> tuple[Source, list[Fault]]:
    """Return what was typed, and faults for the parts that can't be parsed."""
    providers, faults = {}, []
    for taker in takers(named(form)):
        filled = {
            part: form.get(f"provider-{taker.name}-{part}", "").strip() for part in ("id", "sign", "params")
        }
        if not any(filled.values()):
            continue
        try:
            params = read_params(filled["params"])
        except ValueError:
            params = ()
            faults.append(Fault(f"provider-{taker.name}-params", FaultKind.PROVIDER_PARAMS))
        providers[taker.name] = ProviderTemplate(filled["id"], params, filled["sign"])
    host = form.get("host", "").strip() or current_app.config["PUBLIC_URL"]
    source = Source(
        text=form.get("text", ""),
        subject=form.get("subject", ""),
        html=form.get("html", ""),
        is_markdown=form.get("format") == MARKDOWN,
        host=(host_of(host) or host) if key.name == CODE and "bound" in form else None,
        providers=providers,
    )
    return source, faults


def named(form: Mapping[str, str]) -> set[str]:
    """Return the gateways that a form has fields for."""
    ending = "-id"
    return {
        name.removeprefix("provider-").removesuffix(ending)
        for name in form
        if name.startswith("provider-") and name.endswith(ending)
    }


def typed(view: TextView, source: Source) -> MultiDict[str, str]:
    """Return the form fields that produce this text."""
    fields = {
        "text": source.text,
        "subject": source.subject or "",
        "html": source.html or "",
        "format": MARKDOWN if source.is_markdown else "",
        "host": source.host or "",
        "base": str(view.newest),
        "title": titles.everything().get(view.key.name, ""),
    }
    for gateway, one in source.providers.items():
        start = f"provider-{gateway}"
        fields |= {
            f"{start}-id": one.id,
            f"{start}-sign": one.sign_name,
            f"{start}-params": params_text(one.params),
        }
    return MultiDict(fields | ({"bound": "1"} if source.host else {}))
