import os
from pathlib import Path

import pytest

from tests.fresh import run_fresh


def test_a_process_that_ends_leaves_the_whole_database_in_its_file(tmp_path: Path):
    program = (
        "from app import create_app\n"
        "from exts import db\n"
        "with create_app(doors=()).app_context():\n"
        "    db.session.execute(db.text('CREATE TABLE kept (n INTEGER)'))\n"
        "    db.session.commit()\n"
    )
    done = run_fresh(program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
def test_a_forked_child_leaves_its_parents_connections_alone(tmp_path: Path):
    program = (
        "import os\n"
        "from app import create_app\n"
        "from exts import db\n"
        "from models import engine\n"
        "with create_app(doors=()).app_context():\n"
        "    db.session.execute(db.text('SELECT 1'))\n"
        "    child = os.fork()\n"
        "    print(len(engine._sqlite), flush=True)\n"
        "    if not child:\n"
        "        os._exit(0)\n"
        "    os.waitpid(child, 0)\n"
    )
    done = run_fresh(program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["0", "1"]
