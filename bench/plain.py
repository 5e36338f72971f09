"""How a site without Sendcode sends a code: one row by the ORM, one task of stock Celery that loads and posts it.

A site that sends in the request, as knadh/otpgateway does, keeps the code in Redis and has no worker.
"""

import os
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import urllib3
from celery import shared_task
from redis import Redis
from sqlalchemy import Engine, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from domain import codes
from models.types import UtcTime

QUEUE = "bench"
GATEWAY = "BENCH_GATEWAY"
"""The variable that holds the address of the gateway."""
_http = urllib3.PoolManager(maxsize=16)


class Base(DeclarativeBase):
    """The tables of such a site."""


class PlainCode(Base):
    """The row that it stores for a code."""

    __tablename__ = "bench_plain_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))
    to: Mapped[str] = mapped_column(String(320))
    code: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


def made(body: dict[str, Any]) -> PlainCode:
    """Return the row for a request."""
    now = datetime.now(UTC)
    return PlainCode(
        channel=body["channel"],
        to=body["to"],
        code=codes.generate(6),
        created_at=now,
        expires_at=now + timedelta(minutes=5),
    )


def keep_in_redis(row: PlainCode) -> None:
    """Store a code as a hash that expires."""
    with _redis().pipeline() as steps:
        steps.hset(f"otp:{row.to}", mapping={"otp": row.code, "channel": row.channel, "attempts": 0})
        steps.expire(f"otp:{row.to}", 300)
        steps.execute()


def post(row: PlainCode) -> None:
    """Hand a code over to the gateway, on a kept connection."""
    text = f"Your code is {row.code}"
    answer = _http.request("POST", os.environ[GATEWAY], json={"to": row.to, "text": text}, timeout=15)
    if answer.status != 200:
        raise RuntimeError(f"the gateway answered {answer.status}")


@shared_task(name="bench.send_code", ignore_result=True)
def send_code(code_id: int) -> None:
    """Load the row and post it."""
    with Session(_engine()) as session:
        post(session.get_one(PlainCode, code_id))


@cache
def _engine() -> Engine:
    return create_engine(os.environ["SQLALCHEMY_DATABASE_URI"])


@cache
def _redis() -> Redis:
    return Redis.from_url(os.environ["CELERY_BROKER_URL"])
