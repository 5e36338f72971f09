"""A browser's long self-description in a few words, to recognise one's own device by."""

from flask import Flask
from flask_babel import gettext as _

BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "MicroMessenger/": "WeChat",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
"""In this order: most browsers also claim to be others, as most systems do."""


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.jinja_env.filters["agent"] = agent


def agent(text: str) -> str:
    """Return browser and system, or the first characters of what neither is known from."""
    browser = next((name for mark, name in BROWSERS.items() if mark in text), None)
    system = next((name for mark, name in SYSTEMS.items() if mark in text), None)
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or text[:40] or _("Unknown browser")
