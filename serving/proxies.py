"""Who the client is behind proxies: the one place where its address is decided."""

from collections.abc import Iterable
from typing import Any

from flask import Flask
from waitress.adjustments import Adjustments
from werkzeug.middleware.proxy_fix import ProxyFix

from domain import networks


class Proxies(ProxyFix):
    """Believes the last proxies; an address may come with a port, brackets or a zone, as Azure and others write it."""

    def __init__(self, wsgi_app: Any, count: int):
        super().__init__(self._with_address(wsgi_app), x_for=count, x_proto=count, x_host=count)

    @staticmethod
    def _with_address(wsgi_app: Any) -> Any:
        def run(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            told = networks.address(environ.get("REMOTE_ADDR"))
            peer: str = environ["werkzeug.proxy_fix.orig"]["REMOTE_ADDR"] or ""
            environ["REMOTE_ADDR"] = told or peer  # what is no address must not make all clients one
            answer: Iterable[bytes] = wsgi_app(environ, start_response)
            return answer

        return run


def trust(app: Flask, count: int) -> None:
    """Believe the last `count` proxies who the client is.

    Waitress would throw their headers away before we see them, unless its own command line names the proxies.
    """
    app.wsgi_app = Proxies(app.wsgi_app, count)  # type: ignore[method-assign]
    Adjustments.clear_untrusted_proxy_headers = False
