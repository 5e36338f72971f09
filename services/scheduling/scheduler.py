"""The scheduler of `celery -A tasks.celery beat`: fires the schedules from the database; several beats may run.

A lease makes one beat the leader; a claim in SQL makes each run happen once even if two believe they hold the lease.
"""

import logging
import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from celery.beat import Scheduler
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import BrokerUnreachable, InvalidInput
from exts import db
from services.process.breaker import Breaker
from services.process.housekeeping import SEEN_EVERY, process_name, say_alive
from services.scheduling import jobs, schedule_runs
from services.scheduling.firing import fire
from services.scheduling.jobs import Job, Version
from services.storage import leases

log = logging.getLogger(__name__)
LEASE_NAME = "beat"
LEASE = timedelta(seconds=10)
FIRING_SECONDS = 2.0
"""Limit on one tick, which only a single slow firing may exceed, so that the lease is renewed in time."""
SHORTEST_WAIT_FOR_A_WORKER = timedelta(seconds=60)


class DbScheduler(Scheduler):  # type: ignore[misc]
    """Beat's scheduler. It survives every failure of the database, of the broker, and every broken row."""

    def __init__(self, *args: Any, clock: Callable[[], datetime] = lambda: datetime.now(UTC), **kwargs: Any):
        self._clock = clock
        self._holder = f"{process_name('beat')}:{secrets.token_hex(4)}"
        self._breaker = Breaker()
        self._jobs: dict[Version, Job | None] = {}
        self._leads: bool | None = None
        self._ticking = False
        self._next_seen = datetime.min.replace(tzinfo=UTC)
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Read nothing yet, because the database may be unreachable when beat starts."""
        if self.app.conf.beat_schedule:
            log.warning(
                "CELERY_BEAT_SCHEDULE is not used: add its entries with `flask --app app schedules add`"
            )

    def tick(self, *_: Any, **__: Any) -> float:
        """Fire what is due and return the seconds until the next tick."""
        self._ticking = True
        try:
            return self._tick()
        except SQLAlchemyError as error:
            log.error("the database did not answer: %s", type(error).__name__)
        except Exception:
            log.exception("the scheduler failed and tries again")
        finally:
            self._ticking = False
        return float(self.max_interval)

    def close(self) -> None:
        """Release the lease, so that a standby need not wait for it to expire."""
        # The signal handler may call this during a tick, which may hold a transaction; Celery calls it again later.
        if self._leads and not self._ticking:
            self._leads = False
            try:
                leases.release(self._engine(), LEASE_NAME, self._holder)
            except SQLAlchemyError as error:
                log.warning("the lease could not be released: %s", type(error).__name__)
        super().close()

    def _tick(self) -> float:
        now = self._clock()
        engine = self._engine()
        if now >= self._next_seen:
            self._next_seen = now + SEEN_EVERY
            say_alive(engine, "beat", (), now)
        if not self._lead(engine, now):
            return float(self.max_interval)
        self._reload_if_changed(engine)
        give_up_at = time.monotonic() + FIRING_SECONDS
        for job in self._by_time():
            if job.due_at > now:
                break
            if time.monotonic() > give_up_at:
                return 0.0
            self._run(engine, job, now)
        return self._seconds_to_next()

    def _lead(self, engine: Engine, now: datetime) -> bool:
        """Take or renew the lease; without it nothing is fired."""
        before, self._leads = self._leads, leases.hold(engine, LEASE_NAME, self._holder, LEASE, now)
        if self._leads and not before:
            log.info("running the schedules")
        elif before is not False and not self._leads:
            log.warning("another beat runs the schedules: standing by")
        return self._leads

    def _reload_if_changed(self, engine: Engine) -> None:
        with engine.connect() as connection:
            if set(jobs.versions(connection)) != self._jobs.keys():
                self._jobs = jobs.read(connection, self._jobs)

    def _run(self, engine: Engine, job: Job, now: datetime) -> None:
        run_id = str(uuid.uuid4())
        with engine.begin() as connection:
            after = jobs.claim(connection, job, run_id, now)
        del self._jobs[job.version]
        if after is None:
            return
        self._jobs[after.version] = after
        if self._breaker.is_open:
            self._missed(engine, run_id, job, now, "the broker could not be reached a moment ago")
            return
        try:
            fire(self.app, run_id, job.firing, max(after.due_at, now + SHORTEST_WAIT_FOR_A_WORKER))
        except BrokerUnreachable as error:
            self._breaker.trip()
            self._missed(engine, run_id, job, now, str(error))
        except InvalidInput as error:
            self._missed(engine, run_id, job, now, str(error))
        else:
            log.info("schedule %r fired %s", job.name, job.firing.task)

    def _missed(self, engine: Engine, run_id: str, job: Job, now: datetime, why: str) -> None:
        log.error("schedule %r missed a run: %s", job.name, why)
        schedule_runs.failed(engine, run_id, why, now)

    def _seconds_to_next(self) -> float:
        coming = self._by_time()
        if not coming:
            return float(self.max_interval)
        return min(float(self.max_interval), max(0.0, (coming[0].due_at - self._clock()).total_seconds()))

    def _by_time(self) -> list[Job]:
        return sorted((job for job in self._jobs.values() if job is not None), key=lambda job: job.due_at)

    def _engine(self) -> Engine:
        with self.app.flask_app.app_context():
            return db.engine
