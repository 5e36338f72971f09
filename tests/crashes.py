"""A run goes on after one of its processes crashed: xdist 3.8 would wait for ever at its end.

It gives the finished groups of a crashed process to others, who wait for tests in them, and the one that takes its
place a single test, which waits for a second: https://github.com/pytest-dev/pytest-xdist/issues/1378 and 1327. Its
next release mends both.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController


class GoesOn(LoadGroupScheduling):
    """Groups of tests; what a crashed process had left goes to others, but not the test that it crashed in."""

    def remove_node(self, node: WorkerController) -> str | None:
        """Return the test in which it crashed, None if it had nothing left."""
        work = self.assigned_work[node]
        left = {scope: unit for scope, unit in work.items() if not all(unit.values())}
        crashed = next(
            (test for unit in left.values() for test, is_done in unit.items() if not is_done), None
        )
        for unit in left.values():
            if crashed in unit:
                unit[crashed] = True
        self.assigned_work[node] = {}
        super().remove_node(node)
        self.workqueue.update({scope: unit for scope, unit in left.items() if not all(unit.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return crashed

    def _reschedule(self, node: WorkerController) -> None:
        if node not in self.registered_collections:
            return  # it has taken the place of one that crashed, and still collects
        super()._reschedule(node)
        while self.workqueue and not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            self._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GoesOn | None:
    """Take the place of xdist's own `loadgroup`."""
    return GoesOn(config, log) if config.getoption("dist") == "loadgroup" else None
