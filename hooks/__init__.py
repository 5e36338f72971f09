"""The hooks: addresses where identity servers and alert senders post, each in its own protocol (see senders/)."""

from flask import Flask

from exts import csrf
from hooks.posts import blueprint
from hooks.receiving import ask
from hooks.senders import SENDERS
from services.hooks.trials import Trials
from services.process import parts


def init_app(app: Flask) -> None:
    """Register the hooks with `app`."""
    csrf.exempt(blueprint)  # servers post here, without cookies
    app.register_blueprint(blueprint)
    parts.put(app, Trials(ask, {type: sender.sample for type, sender in SENDERS.items()}))
