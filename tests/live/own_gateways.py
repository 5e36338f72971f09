"""Gateways that people run themselves, started and set up as their administrators do it: Kannel and Jasmin.

    with kannel(folder, smsc=2775, port=13013):
        ...                                      # its interface for sending is on `port`

Both bind to the SMSC on `smsc`, and know the user `shop` with the password `s3cret`.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kombu import Connection

from tests.live.processes import HOST, Broker, Process, free_port

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
KANNEL = {name: shutil.which(name, path=PATH) for name in ("bearerbox", "smsbox")}
JASMIN = os.environ.get("JASMIN_PYTHON", "")
"""The interpreter of an environment with Jasmin in it."""
JASMIN_QUEUES = (
    *("DLRLookup-main", "dlr_thrower", "deliver_sm_thrower"),
    *("RouterPB_deliver_sm_all", "RouterPB_bill_request_submit_sm_resp_all"),
)
BROKER = os.environ.get("TEST_AMQP_URL", "")


def missing(program: str) -> str:
    """Return what a program lacks here; empty if nothing."""
    if program == "kannel":
        return "" if all(KANNEL.values()) else "Kannel is not installed"
    if not JASMIN:
        return "JASMIN_PYTHON names no interpreter"
    return "" if BROKER else "TEST_AMQP_URL is not set"


@contextmanager
def kannel(folder: Path, smsc: int, port: int) -> Iterator[None]:
    """Run bearerbox and smsbox."""
    config = folder / "kannel.conf"
    config.write_text(
        f"""
group = core
admin-port = {free_port()}
admin-interface = {HOST}
admin-password = secret
smsbox-port = {free_port()}
smsbox-interface = {HOST}

group = smsc
smsc = smpp
host = {HOST}
port = {smsc}
transceiver-mode = true
smsc-username = user
smsc-password = secret
system-type = ""

group = smsbox
bearerbox-host = {HOST}
sendsms-port = {port}
sendsms-interface = {HOST}

group = sendsms-user
username = shop
password = s3cret
concatenation = true
max-messages = 10
"""
    )
    with (
        running("bearerbox", [KANNEL["bearerbox"] or "", config], "entering mainloop", folder),
        running("smsbox", [KANNEL["smsbox"] or "", config], "Connected to bearerbox", folder),
    ):
        yield


@contextmanager
def jasmin(folder: Path, smsc: int, port: int) -> Iterator[None]:
    """Run Jasmin with a Redis of its own and the machine's RabbitMQ."""
    console, broker = free_port(), urlsplit(BROKER)
    config = folder / "jasmin.cfg"
    command = [
        Path(JASMIN).parent / "jasmind.py",
        "-c",
        config,
        "--enable-dlr-thrower",
        "--enable-dlr-lookup",
    ]
    with Broker(folder / "redis") as redis:
        config.write_text(
            f"""
[amqp-broker]
host = {broker.hostname}
port = {broker.port or 5672}
username = {broker.username or "guest"}
password = {broker.password or "guest"}
vhost = {unquote(broker.path[1:]) or "/"}
spec = {amqp_specification()}
[redis-client]
port = {redis.port}
[http-api]
bind = {HOST}
port = {port}
[smpp-server]
bind = {HOST}
port = {free_port()}
[jcli]
port = {console}
authentication = False
[router]
bind = {HOST}
port = {free_port()}
[client-management]
bind = {HOST}
port = {free_port()}
[dlr]
dlr_lookup_retry_delay = 1
"""
        )
        connector = f"smsc{port}"  # names a queue: what an earlier run left in it would come first
        with (
            deleted(f"submit.sm.{connector}", *JASMIN_QUEUES),
            running("jasmin", command, "jCli Started", folder),
        ):
            set_up_jasmin(console, connector, smsc)
            yield


@contextmanager
def deleted(*queues: str) -> Iterator[None]:
    """Delete queues of the machine's RabbitMQ at the end."""
    try:
        yield
    finally:
        with Connection(BROKER) as connection:
            for queue in queues:
                connection.default_channel.queue_delete(queue)


@contextmanager
def running(name: str, command: list[str | Path], ready: str, folder: Path) -> Iterator[None]:
    """Run a program from the moment it has printed `ready`, with its files in `folder`."""
    env = {"PATH": PATH, "LOG_PATH": str(folder), "STORE_PATH": str(folder)}
    process = Process(name, command, env, folder / f"{name}.output")
    try:
        process.wait_until_said(ready)
        yield
    finally:
        process.stop()


def amqp_specification() -> Path:
    """Return the description of AMQP that Jasmin reads: its package for pip lacks it, that of its library has it."""
    packages = Path(JASMIN).parents[1] / "lib"
    (file,) = packages.glob("python*/site-packages/txamqp/specs/standard/amqp0-9-1.stripped.xml")
    return file


def set_up_jasmin(console: int, connector: str, smsc: int) -> None:
    """Add a user, a connector and a route at the console."""
    lines = (
        *("group -a", "gid shops", "ok"),
        *("user -a", "uid shop", "gid shops", "username shop", "password s3cret", "ok"),
        *("smppccm -a", f"cid {connector}", f"host {HOST}", f"port {smsc}", "ok"),
        *("mtrouter -a", "type DefaultRoute", f"connector smppc({connector})", "rate 0.0", "ok"),
        f"smppccm -1 {connector}",
    )
    with socket.create_connection((HOST, console), timeout=10) as client:
        for line in ("", *lines):
            client.sendall(f"{line}\r\n".encode())
            until_prompt(client)


def until_prompt(client: socket.socket) -> None:
    """Read until the console waits for the next line. Raises TimeoutError, and AssertionError where it ends."""
    told = b""
    while not told.endswith((b"jcli : ", b"> ")):
        more = client.recv(4096)
        assert more, told
        told += more
