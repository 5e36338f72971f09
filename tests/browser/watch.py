"""Checks that a page reports no errors and asks no other host."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext


class Watch:
    """Records the errors of pages, and their requests to other hosts."""

    def __init__(self, context: BrowserContext, address: str):
        self.complaints: list[str] = []
        self.strange: list[str] = []
        host = urlsplit(address).netloc
        context.on(
            "console", lambda message: message.type == "error" and self.complaints.append(message.text)
        )
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on(
            "request",
            lambda request: urlsplit(request.url).netloc != host and self.strange.append(request.url),
        )

    def saw_nothing(self) -> bool:
        return self.complaints == [] and self.strange == []
