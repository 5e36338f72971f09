"""What the systemd units start, started without systemd: they serve, send and fire."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from devtools.live.process import COMMANDS
from tests.deploy.files import UNITS, Unit
from tests.live.installation import Installation, phone
from tests.live.processes import HOST, Process, free_port
from tests.servers.thread import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="systemd is for Linux")]
START_SECONDS = 120.0


@contextmanager
def started(installation: Installation, path: Path, port: int) -> Iterator[Process]:
    unit = Unit(path)
    command = unit.command(COMMANDS, **{"--bind=127.0.0.1:8000": f"--bind={HOST}:{port}"})
    env = {**installation.env, **unit.environment}
    process = Process(path.stem, command, env, installation.folder / f"{path.stem}.log")
    try:
        yield process
    finally:
        assert process.stop() == 0


def test_the_units_bring_up_an_installation_that_is_ready_and_sends(
    make: Callable[..., Installation],
) -> None:
    installation, port = make(), free_port()
    by_name = {path.stem: path for path in UNITS}
    with (
        started(installation, by_name["sendcode-web"], port) as web,
        started(installation, by_name["sendcode-worker@"], port) as worker,
        started(installation, by_name["sendcode-beat"], port) as beat,
    ):
        worker.wait_until_said(" ready.", START_SECONDS)
        beat.wait_until_said("beat: Starting...", START_SECONDS)
        web.wait_until_said("Booting worker", START_SECONDS)
        installation.ports.append(port)
        api = installation.api()
        assert api.issue(phone(1)).status == 202
        installation.sms.wait_for(1)
        assert api.issue("kim@example.org", "email").status == 202
        installation.mail.wait_for(1)
        wait_until(lambda: readiness(port) == 200)


def readiness(port: int) -> int:
    return urllib3.request("GET", f"http://{HOST}:{port}/readyz", retries=False).status
