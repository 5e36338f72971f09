"""Find a page of every kind: those with a known URL, and those that they link to."""

import re
from collections.abc import Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

MOST_OF_A_KIND = 2
LINK = re.compile(r'<a\s[^>]*?href="([^"]+)"')


def endpoints(app: Flask) -> set[str]:
    """Return all views of the console that answer GET."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("cms.") and "GET" in (rule.methods or ())
    }


def pages(app: Flask, client: FlaskClient, most: int = MOST_OF_A_KIND) -> tuple[list[str], set[str]]:
    """Return the URLs of the HTML pages that the signed-in person may see, and all views that were reached.

    Returns at most `most` pages of each kind.
    """
    found: dict[str, list[str]] = {}
    waiting = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint in endpoints(app) and not rule.arguments
    ]
    shown, seen = [], set()
    while waiting:
        path = waiting.pop(0)
        endpoint = _endpoint(app, path)
        if path in seen or endpoint not in endpoints(app) or len(found.get(endpoint, ())) >= most:
            continue
        seen.add(path)
        answer = client.get(path)
        if answer.status_code in (301, 302, 303, 403):
            found.setdefault(endpoint, [])
            continue
        assert answer.status_code == 200, (path, answer.status_code)
        found.setdefault(endpoint, []).append(path)
        if answer.mimetype == "text/html":
            shown.append(path)
            waiting += _links(path, answer.text)
    return shown, set(found)


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
