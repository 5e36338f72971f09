"""The HTML of a mail in a sandboxed frame: no script, no form, no request.

Mails use inline styles, which the console's content security policy forbids. The policy of this response allows
exactly the styles it contains, each by its hash, and nothing else.
"""

import base64
import hashlib
import re
from html.parser import HTMLParser

from flask import Response, current_app

from services.templating.mails.pages import LOGOS

MOST_STYLES = 60
"""Each hash takes 54 bytes of a header that reverse proxies limit to 4 or 8 KiB."""
POLICY = (
    "default-src 'none'; style-src {styles}; img-src {images}; sandbox; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


DARK, LIGHT = "dark", "light"
_ASKS_FOR_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_ASKS_FOR_LIGHT = re.compile(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)", re.IGNORECASE)
ALWAYS, NEVER = "(min-width: 0)", "(max-width: 0)"


def answer(html: str | None, scheme: str = "") -> Response:
    """Return the response for the frame; `scheme` is dark or light, else the reader's own."""
    html = in_scheme(html or "", scheme)
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY.format(styles=_allowed(html), images=_images())
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _images() -> str:
    """Return where the brand's logo is; no other picture is loaded."""
    address = current_app.config["PUBLIC_URL"]
    return f"{address.rstrip('/')}{LOGOS}" if address else "'none'"


def in_scheme(html: str, scheme: str) -> str:
    """Return a mail as programs with this colour scheme show it: its media queries are answered."""
    if scheme not in (DARK, LIGHT):
        return html
    is_dark = scheme == DARK
    html = _ASKS_FOR_DARK.sub(ALWAYS if is_dark else NEVER, html)
    return _ASKS_FOR_LIGHT.sub(NEVER if is_dark else ALWAYS, html)


def _allowed(html: str) -> str:
    finder = _Styles()
    finder.feed(html)
    finder.close()
    hashes = [f"'sha256-{_hash(style)}'" for style in list(dict.fromkeys(finder.found))[:MOST_STYLES]]
    return " ".join(["'unsafe-hashes'", *hashes]) if hashes else "'none'"


def _hash(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode(errors="replace")).digest()).decode()


class _Styles(HTMLParser):
    """Collects style attributes and style elements."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_in_style = tag == "style"
        self.found += [value for name, value in attrs if name == "style" and value]

    def handle_data(self, data: str) -> None:
        if self._is_in_style:
            self.found.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._is_in_style = False
