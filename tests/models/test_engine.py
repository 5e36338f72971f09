import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PATH": "/usr/bin:/bin",
            "SECRET_KEY": "s" * 32,
            "CODE_PEPPER": "p" * 32,
            "SMS_SENDS_PER_DAY": "0",
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'x.db'}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_a_process_that_ends_leaves_the_whole_database_in_its_file(tmp_path: Path):
    program = (
        "from app import create_app\n"
        "from exts import db\n"
        "with create_app(doors=()).app_context():\n"
        "    db.session.execute(db.text('CREATE TABLE kept (n INTEGER)'))\n"
        "    db.session.commit()\n"
    )
    run(program, tmp_path)
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
    assert sorted(run(program, tmp_path).stdout.split()) == ["0", "1"]
