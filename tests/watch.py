"""What a run says while it runs: each failure at once, and each test that takes long; and no end is waited for in vain.

pytest itself tells of both at the end only, which a run that is ended from outside never reaches. And its own watch
over a test that hangs (`faulthandler_timeout`) ends with the test's failure: a clean-up that hangs would hang for ever.
"""

import faulthandler
import threading
import time
from typing import Any

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

LONG_SECONDS = 120.0
LOOK_SECONDS = 30.0
MESSAGE_CHARACTERS = 400


class Watch:
    """In the process that reports: tells of failures at once, and twice a minute of what runs for two minutes."""

    def __init__(self, say: Any):
        self._say = say
        self._began: dict[str, float] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    def pytest_sessionstart(self) -> None:
        self._thread.start()

    def pytest_sessionfinish(self) -> None:
        self._is_over.set()
        self._thread.join()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._began[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._began.pop(nodeid, None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when not in ("setup", "call", "teardown"):
            self._began.pop(report.nodeid, None)  # its process has ended in it
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = crash.message if crash else str(report.longrepr)
            self._say(f"\n{report.when} failed: {report.nodeid}\n{message[:MESSAGE_CHARACTERS]}")

    def _look(self) -> None:
        while not self._is_over.wait(LOOK_SECONDS):
            now = time.monotonic()
            for test, began in list(self._began.items()):
                if now - began >= LONG_SECONDS:
                    self._say(f"\nruns for {now - began:.0f} s: {test}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Watch in the process that reports, not in those that test."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Watch(reporter.write_line), "watch")


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Arm pytest's watch anew, which it has just ended: the test's clean-up may hang as well."""
    seconds = float(node.config.getini("faulthandler_timeout") or 0)
    if seconds and not node.config.getoption("usepdb"):
        faulthandler.dump_traceback_later(
            seconds, file=node.config.stash[fault_handler_stderr_fd_key], exit=True
        )
