"""Find a page of every kind: those with a known URL, and those that they link to."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

MOST_OF_A_KIND = 2
AUDIT = "/cms/audit"
"""Looked at last: it leads to a page of every kind, and lists lead to those that have the most to show."""
LINK = re.compile(r'<a\s[^>]*?href="([^"]+)"')


def endpoints(app: Flask) -> set[str]:
    """Return all views of the console that answer GET."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("cms.") and "GET" in (rule.methods or ())
    }


def pages(
    app: Flask,
    client: FlaskClient,
    most: int = MOST_OF_A_KIND,
    look: Callable[[TestResponse], None] = lambda answer: None,
) -> tuple[list[str], set[str]]:
    """Return the URLs of the HTML pages that the signed-in person may see, and all views that were reached.

    Returns at most `most` pages of each kind. `look` is called with every answer, refusals included.
    """
    views = endpoints(app)
    found: dict[str, list[str]] = {}
    waiting = [
        rule.rule for rule in app.url_map.iter_rules() if rule.endpoint in views and not rule.arguments
    ]
    waiting.sort(key=lambda path: path == AUDIT)
    shown, seen = [], set()
    while waiting:
        path = waiting.pop(0)
        endpoint = _endpoint(app, path)
        if path in seen or endpoint not in views or len(found.get(endpoint, ())) >= most:
            continue
        seen.add(path)
        answer = client.get(path)
        look(answer)
        if answer.status_code in (301, 302, 303, 403):
            found.setdefault(endpoint, [])
            continue
        assert answer.status_code == 200, (path, answer.status_code)
        found.setdefault(endpoint, []).append(path)
        if answer.mimetype == "text/html" and not is_framed(answer):
            shown.append(path)
            waiting += _links(path, answer.text)
    return shown, set(found)


def is_framed(answer: Response) -> bool:
    """Tell whether it is the HTML of a mail, which pages show in a sandboxed frame."""
    return "; sandbox;" in answer.headers.get("Content-Security-Policy", "")


def _endpoint(app: Flask, path: str) -> str:
    try:
        return app.url_map.bind("localhost").match(urlsplit(path).path, method="GET")[0]
    except RequestRedirect as redirect:
        return _endpoint(app, urlsplit(redirect.new_url).path)
    except HTTPException:
        return ""


def _links(path: str, html: str) -> Iterator[str]:
    for href in LINK.findall(html):
        target = urldefrag(urljoin(path, href.replace("&amp;", "&"))).url
        if not urlsplit(target).netloc:
            yield target
