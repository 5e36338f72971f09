"""Texts in every state, for screenshots of the console."""

from domain.provider_templates import ProviderTemplate
from domain.template_keys import parse
from services.audit.trail import Actor
from services.templating import templates
from services.templating.text_sources import Source

LETTER = Source(
    "Dear {{ name }},\n\nuntil {{ day }} everything is {{ percent }} % off.\n\n{{ unsubscribe_url }}",
    "{{ percent }} % off until {{ day }}",
    '<h1 style="font:600 24px system-ui">{{ percent }} % off</h1><p style="font:16px system-ui">Dear {{ name }},'
    " until {{ day }} everything is {{ percent }} % off.</p>",
)


def furnish(by: Actor) -> None:
    """Write published texts and drafts, one of them for a language and one for a purpose of its own."""
    approved = {"main": ProviderTemplate("SMS_154950909", (("code", "code"),), "Acme")}
    _publish("code.sms.en", Source("{{ service }}: {{ code }}. It is good for {{ minutes }} minutes."), 0, by)
    short = Source("{{ code }} is your {{ service }} code.", host="acme.example", providers=approved)
    _publish("code.sms.en", short, 1, by)
    draft = Source("{{ code }} is your {{ service }} code – don’t share it.", providers=approved)
    templates.save(parse("code.sms.en"), draft, base=2, by=by)
    _publish("code.sms.en@pay", Source("{{ code }} confirms your payment to {{ service }}."), 0, by)
    chinese = Source("【{{ service }}】您的驗證碼是 {{ code }}。")
    templates.save(parse("code.sms.zh-Hant"), chinese, base=0, by=by)
    _publish("spring_sale.email.en", LETTER, 0, by)


def _publish(key: str, source: Source, base: int, by: Actor) -> None:
    number = templates.save(parse(key), source, base=base, by=by)
    templates.publish(parse(key), number, by=by)
