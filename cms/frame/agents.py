"""Short names for user agents, so that people recognise their own devices."""

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
"""The order matters: most browsers and systems also claim to be others."""


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.jinja_env.filters["agent"] = agent


def agent(text: str) -> str:
    """Return browser and system; if neither is known, the first 40 characters."""
    browser = next((name for mark, name in BROWSERS.items() if mark in text), None)
    system = next((name for mark, name in SYSTEMS.items() if mark in text), None)
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or text[:40] or _("Unknown browser")
