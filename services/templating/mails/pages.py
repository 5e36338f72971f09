"""The page around a mail from Markdown: its card, its name on top and its colours, in the light and in the dark."""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import escape

from domain.brand import PLAIN, Brand
from services.templating.mails import styles
from services.templating.mails.rich import BUTTON_START, LINK_START, literal

LOGOS = "/brand/"
"""Where the logos are, outside the console: mail programs sign in nowhere."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds a body: the installation's brand, and the language of the text.

    `public_url` is where mail programs find the logo; empty: they get the name of the service in words.
    """

    brand: Brand = PLAIN
    locale: str = "en"
    public_url: str = ""


BARE = Frame()
NAME = '<p style="margin:0 0 24px;font-weight:600;font-size:15px">'
"""Where a mail says from whom it is, in those from Markdown and in the shipped ones."""
END = "</td></tr></table>"
"""The end of its card."""


def page(body: str, frame: Frame) -> str:
    """Return the whole HTML as a source for Jinja."""
    brand = frame.brand
    body = body.replace(BUTTON_START, f"{BUTTON_START}background:{brand.colour};color:{brand.on_colour};")
    return _PAGE.format(
        lang=literal(frame.locale),
        sheet=_sheet(brand),
        head=_head(frame),
        body=body.replace(LINK_START, f"{LINK_START}color:{brand.in_the_light}").strip(),
        foot=_foot(brand),
        fonts=styles.FONTS,
        ground=styles.GROUND,
        card=styles.CARD,
        line=styles.LINE,
        ink=styles.INK,
    )


_PAGE = """\
<!doctype html>
<html lang="{lang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
<meta name="color-scheme" content="light dark">\
<meta name="supported-color-schemes" content="light dark"><title>{{{{ service }}}}</title>
<style>{sheet}</style></head>
<body class="ground" style="margin:0;padding:24px 12px;background:{ground};font-family:{fonts};color:{ink}">
<table role="presentation" align="center" width="100%" cellpadding="0" cellspacing="0" class="card" \
style="max-width:560px;margin:0 auto;background:{card};border-radius:12px;border:1px solid {line}">
<tr><td style="padding:32px;overflow-wrap:anywhere">
{head}
{body}
{foot}</td></tr></table>
</body>
</html>
"""


def _head(frame: Frame) -> str:
    return f"{NAME}{_logo(frame, '{{ service }}', literal) or '{{ service }}'}</p>"


def _logo(frame: Frame, service: str, quote: Callable[[str], str]) -> str:
    """Return the picture of a logo, if mail programs can fetch it."""
    logo = frame.brand.logo
    if not logo or not frame.public_url:
        return ""
    width, height = logo.shown
    address = quote(f"{frame.public_url.rstrip('/')}{LOGOS}{logo.name}.png")
    return f'<img src="{address}" width="{width}" height="{height}" alt="{service}" style="border:0">'


def _foot(brand: Brand, quote: Callable[[str], str] = literal) -> str:
    if not brand.footer:
        return ""
    style = (
        f"margin:24px 0 0;padding-top:16px;border-top:1px solid {styles.LINE};"
        f"font-size:13px;line-height:1.5;color:{styles.SOFT};white-space:pre-line"
    )
    return f'<p class="quote" style="{style}">{quote(brand.footer)}</p>\n'


def branded(html: str, service: str, frame: Frame) -> str:
    """Return the rendered HTML of a shipped mail with the brand: its logo for the name, its footer at the end."""
    if frame.brand == PLAIN:
        return html
    name = escape(service)
    logo = _logo(frame, name, escape)
    if logo:
        html = html.replace(f"{NAME}{name}</p>", f"{NAME}{logo}</p>", 1)
    return html.replace(END, _foot(frame.brand, escape) + END, 1)


def _sheet(brand: Brand) -> str:
    rules = {
        ".ground": f"background:{styles.DARK_GROUND}!important;color:{styles.DARK_INK}!important",
        ".card": f"background:{styles.DARK_CARD}!important;border-color:{styles.DARK_LINE}!important",
        ".shade": f"background:{styles.DARK_GROUND}!important",
        ".quote": f"color:{styles.DARK_SOFT}!important;border-color:{styles.DARK_LINE}!important",
        ".line": f"border-color:{styles.DARK_LINE}!important",
        ".link": f"color:{brand.in_the_dark}!important",
    }
    dark = "\n".join(f"{name} {{{rule}}}" for name, rule in rules.items())
    return f"@media (prefers-color-scheme: dark) {{\n{dark}\n}}"
