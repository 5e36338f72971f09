"""The drain of a worker process, and the threads beside it: events, pumping guard, alarms, recipients that wait."""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

from flask import Flask, current_app

from channels.registry import Gateways
from domain import tracing
from domain.keyring import Keyring
from domain.pumping import Rule
from domain.statuses import Channel, Lane
from exts import db
from models import clock
from services.alarms import counts, watching
from services.delivery import claims, events_lane, settling, unpacking
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
from services.limits import pumping_watch
from services.limits.rate_windows import RateWindows
from services.process.housekeeping import Housekeeping
from services.process.parts import part
from services.process.patrol import Patrol
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
_patrols: list[Patrol] = []
_courier: Courier | None = None
_unpacker: Unpacker | None = None


def start(app: Flask, lanes: Sequence[Lane], duties: Sequence[Duty] = ()) -> None:
    """Start the drain of this process unless it runs; connections inherited from a parent process are left to it.

    `duties`: what is done twice a second besides, with the time as argument.
    """
    global _running, _courier, _unpacker
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
        keep_house = Housekeeping(db.engine, lanes, looks, part(Keyring).ids)
        _running = _drain(router, lanes, keep_house)
        if Rule.of(app.config).is_on:
            _patrols.append(pumping_watch.patrol(db.engine, app.config, part(Listeners)))
        _patrols.append(watching.of_worker(app, send_without_worker))
        _courier = events_lane.courier(app, duties)
        _unpacker = Unpacker(app, _running.wake)
    tracing.current().watch(lambda: [*gauges.of(app), *counts.gauges(app)])
    sys.setswitchinterval(SWITCH_SECONDS)
    _running.start()
    for patrol in _patrols:
        patrol.start()
    _courier.start()
    _unpacker.start()
    log.info("draining %s", ", ".join(lanes) or "nothing")


def stop() -> None:
    """Let the sends in flight end, settle them, and stop."""
    global _running, _courier, _unpacker
    if _unpacker is not None:
        _unpacker.stop()
        _unpacker = None
    if _running is not None:
        _running.stop()
        _running = None
    if _courier is not None:
        _courier.stop()
        _courier = None
    while _patrols:
        _patrols.pop().stop()
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


def send_without_worker(ids: Sequence[str]) -> None:
    """Send a few messages in the caller's thread, as a worker would.

    For what has to get out while no worker is alive: the mail that says so.
    """
    if not ids:
        return
    router, versions, teller = _router(), part(TextVersions), _teller()
    gateway_switches.hand_to(router.take_over, db.engine, part(Roster))
    sender = _sender(router)
    for message_id in ids:
        began = time.monotonic()  # before the claim: a slow commit is part of the lease
        with db.engine.begin() as connection:
            claimed = claims.claim_one(connection, message_id, clock.now())
            if claimed is None:
                continue
            versions.load_to_send(connection, [claimed])
        settled = sender.send(claimed, began + claims.LEASE.total_seconds())
        with db.engine.begin() as connection:
            settling.settle(connection, [settled])
            if teller.is_needed(connection):
                teller.tell(connection, settling.ends([settled]), clock.now())


def _follow(router: Router, switches: Switches, gateways: Gateways) -> None:
    router.take_over(switches, gateways)
    if _running is not None:
        _running.limit(Lane.EMAIL, gateways.capacity(Channel.EMAIL))


def _router() -> Router:
    return Router(part(Roster).gateways, part(GatewayHealth), part(RateWindows))


def _drain(router: Router, lanes: Sequence[Lane], housekeeping: Housekeeping | None = None) -> Drain:
    slots = current_app.config["SEND_CONCURRENCY"]
    mails = part(Roster).gateways.capacity(Channel.EMAIL)
    ceilings = {} if mails is None else {Lane.EMAIL: mails}
    return Drain(
        db.engine,
        _sender(router),
        lanes,
        slots=slots,
        ceilings=ceilings,
        versions=part(TextVersions),
        housekeeping=housekeeping,
        teller=_teller(),
    )


def _sender(router: Router) -> Sender:
    public_url, most_tries = current_app.config["PUBLIC_URL"], current_app.config["SEND_TRIES"]
    return Sender(
        router, part(Keyring), public_url=public_url, most_tries=most_tries, versions=part(TextVersions)
    )


def _teller() -> Teller:
    return Teller(part(Listeners), part(Callbacks))
