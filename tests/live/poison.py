"""Messages that no worker can use, as somebody with access to the broker may send them."""

import base64
import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import kombu
from redis import Redis

GOOD_BODY = [[], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
MAIL = ["Hello", ["kim@example.org"], "Hello"]


@dataclass
class Poison:
    """A message as AMQP knows it: a body, its type, headers and properties."""

    body: bytes
    content_type: str = "application/json"
    content_encoding: str = "utf-8"
    headers: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)


def task(name: str = "sendcode.drain", body: Any = GOOD_BODY, **headers: Any) -> Poison:
    """Return a task of protocol 2, made wrong by `body` or `headers`."""
    head = {
        "lang": "py",
        "task": name,
        "id": str(uuid4()),
        "retries": 0,
        "timelimit": [None, None],
        "ignore_result": True,
        "root_id": None,
        "parent_id": None,
        "expires": None,
        "eta": None,
    }
    return Poison(body if isinstance(body, bytes) else json.dumps(body).encode(), headers={**head, **headers})


def everywhere() -> Iterator[tuple[str, Poison]]:
    """Yield what can be sent to every broker, each with a name."""
    yield "no JSON", Poison(b"hello")
    yield "nothing", Poison(b"")
    yield "a list", Poison(b"[1, 2]")
    yield "a number", Poison(b"5")
    yield "null", Poison(b"null")
    yield "no UTF-8", task(body=b"\xff\xfe\x00")
    yield "no JSON in a task", task(body=b"{")
    yield "deep nesting", task(body=b"[" * 100_000 + b"]" * 100_000)
    yield "a huge number", task(body=b"[[" + b"9" * 5000 + b"], {}, {}]")
    yield "a huge body", task(body=b'[["' + b"x" * 9_000_000 + b'"], {}, {}]')
    yield "two parts", task(body=[[], {}])
    yield "no lists", task(body=[5, 5, 5])
    yield "positional text", task(body=["text", {}, {}])
    yield "named list", task(body=[[], ["x"], {}])
    yield "a body of text", task(body="abc")
    yield "a pickle", Poison(pickle.dumps([[], {}, {}]), "application/x-python-serialize", "binary")
    pickled = task(body=pickle.dumps([[], {}, {}]))
    yield (
        "a task as a pickle",
        Poison(pickled.body, "application/x-python-serialize", "binary", pickled.headers),
    )
    yield "yaml", Poison(b"a: 1", "application/x-yaml", headers=task().headers)
    yield "no such type", Poison(b"x", "no/such-type", headers=task().headers)
    yield "no such encoding", Poison(task().body, content_encoding="rot99", headers=task().headers)
    yield "no such compression", task(compression="application/x-nothing")
    yield "a broken compression", task(compression="application/x-gzip")
    yield "an unknown task", task("no.such.task")
    yield "an unknown task without an id", Poison(b"[1]", headers={"task": "no.such.task"})
    yield "a task named by a list", task(["a"])
    yield "a task without an id", Poison(task().body, headers={"task": "sendcode.drain"})
    yield "an id that is a list", task(id=["a"])
    yield "a time limit of 5", task(timelimit=5)
    yield "a time limit of three", task(timelimit=[1, 2, 3])
    yield "a time limit of text", task(timelimit=["a", "b"])
    yield "a time limit below nothing", task(timelimit=[-1, -1])
    yield "a bad eta", task(eta="tomorrow")
    yield "an eta that is a list", task(eta=[1])
    yield "an eta past all calendars", task(eta="99999-01-01T00:00:00")
    yield "a bad expiry", task(expires="never")
    yield "an expiry that is an object", task(expires={"a": 1})
    yield "retries that are text", task(retries="many")
    yield "stamps that are a number", task(stamped_headers=5)
    yield "too many arguments", task(body=[[1, 2, 3], {}, {}])
    yield "too few arguments", task("send_mail", [["Hello"], {}, {}])
    yield "a wrong name", task("send_mail", [MAIL, {"junk": {"a": [{}]}}, {}])
    yield "nested junk", task("send_mail", [[{"a": [1]}, [[["x"]]], {}], {}, {}])
    yield "half a character", task("send_mail", [["\ud800", ["kim@example.org"], "\ud800"], {}, {}])
    yield "callbacks that are a number", task(body=[[], {}, {"callbacks": 5}])
    yield "callbacks of junk", task(body=[[], {}, {"callbacks": [{"task": "x"}], "errbacks": ["y"]}])
    yield "a chord of junk", task(body=[[], {}, {"chord": {"a": 1}}])
    yield "a chain of junk", task(body=[[], {}, {"chain": [5]}])
    junk = task()
    junk.properties = {"reply_to": "\u0000 /../", "correlation_id": "x" * 200}
    yield "an answer to nowhere", junk
    yield "an old task of junk", Poison(b'{"task": "send_mail", "id": 5, "args": 7, "kwargs": []}')
    yield (
        "an old task with a limit",
        Poison(b'{"task": "sendcode.drain", "id": "a", "args": [], "kwargs": {}, "timelimit": 5}'),
    )
    yield "an old task without an id", Poison(b'{"task": "sendcode.drain", "args": [], "kwargs": {}}')


def in_redis() -> Iterator[tuple[str, bytes]]:
    """Yield what only a Redis list can hold, each with a name."""
    good = _envelope(task(), "sms")
    yield "text", b"hello"
    yield "no text", b"\xff\xfe"
    yield "an empty string", b""
    yield "an envelope that is a list", b"[1, 2, 3]"
    yield "an envelope that is null", b"null"
    yield "an empty envelope", b"{}"
    yield "a deep envelope", b"[" * 100_000
    yield "a huge number in place of an envelope", b"9" * 5000
    yield "no properties", json.dumps({**good, "properties": None}).encode()
    yield "no headers", json.dumps({**good, "headers": None}).encode()
    yield "headers that are a list", json.dumps({**good, "headers": [1]}).encode()
    yield "headers that are a number", json.dumps({**good, "headers": 7}).encode()
    yield "a body that is no base64", json.dumps({**good, "body": "*"}).encode()
    yield "a body that is an object", json.dumps({**good, "body": {"a": 1}}).encode()
    for name, value in (
        ("delivery_tag", None),
        ("delivery_tag", {"a": 1}),
        ("delivery_info", None),
        ("delivery_info", 5),
        ("body_encoding", "rot99"),
        ("priority", "high"),
    ):
        properties = {**good["properties"], name: value}
        yield f"{name} {value!r}", json.dumps({**good, "properties": properties}).encode()


def _envelope(poison: Poison, queue: str) -> dict[str, Any]:
    return {
        "body": base64.b64encode(poison.body).decode(),
        "content-type": poison.content_type,
        "content-encoding": poison.content_encoding,
        "headers": poison.headers,
        "properties": {
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
            **poison.properties,
        },
    }


def send(broker_url: str, queue: str) -> list[str]:
    """Put all of it into a queue and return the names."""
    names = []
    if broker_url.startswith("redis"):
        with Redis.from_url(broker_url) as client:
            for name, text in in_redis():
                client.lpush(queue, text)
                names.append(name)
            for name, poison in everywhere():
                client.lpush(queue, json.dumps(_envelope(poison, queue)))
                names.append(name)
        return names
    with kombu.Connection(broker_url) as connection:
        channel = connection.default_channel
        for name, poison in everywhere():
            message = channel.prepare_message(
                poison.body,
                None,
                poison.content_type,
                poison.content_encoding,
                poison.headers,
                {"delivery_mode": 2, **poison.properties},
            )
            channel.basic_publish(message, exchange="", routing_key=queue)
            names.append(name)
    return names
