"""What the web servers must do before and around the application: bodies, slow clients, stopping, being alive.

`create_app()` calls `init_app`, so `waitress-serve --call app:create_app` needs no flags: waitress looks its defaults
and classes up after it has called us. gunicorn reads `gunicorn.conf.py`, which names `serving.worker`.
"""

from flask import Flask

from serving import addresses, proxies, waitress_server
from serving.ceilings import Ceilings


def init_app(app: Flask) -> None:
    """Bind to `app`, before its doors are: how long bodies may be, whom proxies name, what may stand in a path."""
    addresses.init_app(app)
    if app.config["TRUSTED_PROXIES"]:
        proxies.trust(app, app.config["TRUSTED_PROXIES"])
    waitress_server.install(Ceilings(app.config["MAX_CONTENT_LENGTH"], app.config["LONGER_BODIES"]))
