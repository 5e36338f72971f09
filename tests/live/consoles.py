"""An owner at the console of a live installation, over HTTP and without a browser."""

import re
import time
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from devtools.live.service import application
from services.people import administrators
from tests.live.installation import Installation

EMAIL, PASSWORD = "owner@example.org", "seven purple otters"


class Owner:
    """Signs in to one of the web processes, and talks to any of them; `pages` keeps all that was shown."""

    def __init__(self, installation: Installation):
        with application(installation.env):
            administrators.add(EMAIL, "owner", PASSWORD)
        self._ports = installation.ports
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.pages: list[str] = []
        self.status = 0
        self.submit("/cms/login", email=EMAIL, password=PASSWORD)

    def get(self, path: str, web: int = 0) -> str:
        """Return a page of the web process of that number; also one of an error."""
        return self._ask(path, None, web)

    def submit(self, path: str, web: int = 0, **fields: str) -> float:
        """Open the page of a form and submit it; return when it was answered, by `time.monotonic()`."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path, web))
        assert token, f"{path} has no form"
        self._ask(path, urlencode({"csrf_token": token[1], **fields}).encode(), web)
        assert self.status == 200, self.pages[-1]
        return time.monotonic()

    def _ask(self, path: str, body: bytes | None, web: int) -> str:
        try:
            with self._opener.open(f"http://127.0.0.1:{self._ports[web]}{path}", body, timeout=30) as answer:
                self.status, text = answer.status, answer.read().decode()
        except HTTPError as error:
            self.status, text = error.code, error.read().decode()
        self.pages.append(text)
        return text
