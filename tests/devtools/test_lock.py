"""One run at a time in one folder."""

import os
from contextlib import closing

import pytest

from devtools import lock as lock_module
from devtools.lock import AlreadyRunningError, Lock


def test_a_second_holder_is_refused_with_the_pid_of_the_first(tmp_path):
    first, second = (Lock(tmp_path / "instance" / "dev.lock") for _ in range(2))
    with closing(first), closing(second):
        first.take()
        with pytest.raises(AlreadyRunningError, match=str(os.getpid())):
            second.take()


@pytest.mark.skipif(os.name != "posix", reason="only there a guard can hold the lock")
def test_a_lock_of_a_dead_process_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(lock_module, "PATIENCE_SECONDS", 0.5)
    held, waiting = Lock(tmp_path / "dev.lock"), Lock(tmp_path / "dev.lock")
    with closing(held), closing(waiting):
        held.take()
        (tmp_path / "dev.pid").write_text("999999999")  # no such process
        with pytest.raises(AlreadyRunningError):
            waiting.take()
        held.close()
        waiting.take()
