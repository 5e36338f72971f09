"""What one application keeps for its whole life beside its tables: keys, gateways, windows and the bell."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from channels.registry import Gateways
from domain.keyring import Keyring
from domain.pumping import Closures
from services.gateways.gateway_health import GatewayHealth
from services.limits.rate_windows import RateWindows
from services.limits.refusals import Refusals
from services.outbox.bell import Bell
from services.process.freshness import Fresh
from services.templating.text_versions import TextVersions


@dataclass(frozen=True, slots=True)
class Runtime:
    """Made once by `create_app`; none of it belongs to a request."""

    keyring: Keyring
    gateways: Gateways
    windows: RateWindows
    health: GatewayHealth
    bell: Bell
    texts: TextVersions
    """The texts that people edit."""
    sms_of_a_day: Fresh[Mapping[str | None, int]]
    """How many SMS the rows of a day hold by country, counted now and then."""
    closures: Fresh[Closures]
    """Which prefixes are closed, read each second."""
    refusals: Refusals


def install(app: Flask, runtime: Runtime) -> None:
    """Keep `runtime` with `app`."""
    app.extensions["sendcode"] = runtime


def of(app: Flask) -> Runtime:
    """Return what `install` kept."""
    found: Runtime = app.extensions["sendcode"]
    return found


def runtime() -> Runtime:
    """Return the current application's runtime."""
    return of(current_app)
