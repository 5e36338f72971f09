"""An application behind a real port, for browsers and other programs."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

from devtools.live.process import HOST, free_port

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LOOK_SECONDS = 0.02


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve the application from a thread on a free port of this machine; yield its URL."""
    server = make_server(HOST, free_port(), _Whole(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(LOOK_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Whole:
    """Hands over whole answers: where a client goes away, werkzeug 3.1 closes no file that it is still sending."""

    def __init__(self, app: Flask):
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        answer: Any = ClosingIterator(self._app.wsgi_app(environ, start))
        with closing(answer):
            return [b"".join(answer)]
