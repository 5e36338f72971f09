"""The drain of a worker process, and the threads beside it: events, the pumping guard, recipients that wait."""

import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial

from flask import Flask, current_app

from channels.registry import Gateways
from domain import tracing
from domain.keyring import Keyring
from domain.statuses import Channel, Lane
from exts import db
from services.delivery import events_lane, unpacking
from services.delivery.drain import Drain
from services.delivery.sender import Sender
from services.delivery.unpacking import Unpacker
from services.events.callbacks import Callbacks
from services.events.listeners import Listeners
from services.events.message_news import Teller
from services.figures import gauges
from services.gateways import early_reports, gateway_switches
from services.gateways.gateway_health import GatewayHealth
from services.gateways.gateway_switches import Switches
from services.gateways.routing import Router
from services.limits.closure_mails import ClosureMails
from services.limits.pumping_watch import Watch
from services.limits.rate_windows import RateWindows
from services.process.housekeeping import Housekeeping
from services.process.parts import part
from services.roster.roster import Roster
from services.roster.rows import NewestKey
from services.templating.text_versions import TextVersions
from services.test_numbers.ends import EndWatch
from services.webhooks.courier import Courier, Duty

log = logging.getLogger(__name__)
SWITCH_SECONDS = 0.0002
"""How long a computing thread may keep the GIL from one that is back from the database. Python's default of five
milliseconds is as long as a block of messages takes there."""
_running: Drain | None = None
_watch: Watch | None = None
_courier: Courier | None = None
_unpacker: Unpacker | None = None


def start(app: Flask, lanes: Sequence[Lane], duties: Sequence[Duty] = ()) -> None:
    """Start the drain of this process unless it runs; connections inherited from a parent process are left to it.

    `duties`: what is done twice a second besides, with the time as argument.
    """
    global _running, _watch, _courier, _unpacker
    if _running is not None:
        return
    with app.app_context():
        db.engine.dispose(close=False)
        router = _router()
        obey = partial(gateway_switches.hand_to, partial(_follow, router), db.engine, part(Roster))
        report = partial(early_reports.apply_all, db.engine, _teller())
        looks: list[Callable[[], None]] = [
            obey,
            report,
            EndWatch(db.engine),
            NewestKey(db.engine, part(Keyring)),
        ]
        keep_house = Housekeeping(db.engine, lanes, looks, part(Keyring).ids, erases=False)
        _running = _drain(router, lanes, keep_house)
        _watch = Watch(db.engine, app.config, part(Listeners), ClosureMails(app))
        _courier = events_lane.courier(app, duties)
        _unpacker = Unpacker(app, _running.wake)
    tracing.current().watch(partial(gauges.of, app))
    sys.setswitchinterval(SWITCH_SECONDS)
    _running.start()
    _watch.start()
    _courier.start()
    _unpacker.start()
    log.info("draining %s", ", ".join(lanes) or "nothing")


def stop() -> None:
    """Let the sends in flight end, settle them, and stop."""
    global _running, _watch, _courier, _unpacker
    if _unpacker is not None:
        _unpacker.stop()
        _unpacker = None
    if _running is not None:
        _running.stop()
        _running = None
    if _courier is not None:
        _courier.stop()
        _courier = None
    if _watch is not None:
        _watch.stop()
        _watch = None
    tracing.current().close()


def drain_now() -> None:
    """Wake this process's drain; where none runs (eager mode), send what is due here and now."""
    if _running is not None:
        _running.wake()
        return
    unpacking.unpack_all()
    router = _router()
    gateway_switches.hand_to(router.take_over, db.engine, part(Roster))
    _drain(router, list(Lane)).run_until_idle()


def _follow(router: Router, switches: Switches, gateways: Gateways) -> None:
    router.take_over(switches, gateways)
    if _running is not None:
        _running.limit(Lane.EMAIL, gateways.capacity(Channel.EMAIL))


def _router() -> Router:
    return Router(part(Roster).gateways, part(GatewayHealth), part(RateWindows))


def _drain(router: Router, lanes: Sequence[Lane], housekeeping: Housekeeping | None = None) -> Drain:
    public_url, versions = current_app.config["PUBLIC_URL"], part(TextVersions)
    most_tries = current_app.config["SEND_TRIES"]
    sender = Sender(router, part(Keyring), public_url=public_url, most_tries=most_tries, versions=versions)
    slots = current_app.config["SEND_CONCURRENCY"]
    mails = part(Roster).gateways.capacity(Channel.EMAIL)
    ceilings = {} if mails is None else {Lane.EMAIL: mails}
    return Drain(
        db.engine,
        sender,
        lanes,
        slots=slots,
        ceilings=ceilings,
        versions=versions,
        housekeeping=housekeeping,
        teller=_teller(),
    )


def _teller() -> Teller:
    return Teller(part(Listeners), part(Callbacks))
