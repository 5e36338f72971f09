import subprocess
import sys
from pathlib import Path


def test_a_process_that_ends_leaves_the_whole_database_in_its_file(tmp_path: Path):
    program = (
        "from app import create_app\n"
        "from exts import db\n"
        "with create_app(doors=()).app_context():\n"
        "    db.session.execute(db.text('CREATE TABLE kept (n INTEGER)'))\n"
        "    db.session.commit()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PATH": "/usr/bin:/bin",
            "SECRET_KEY": "s" * 32,
            "CODE_PEPPER": "p" * 32,
            "SMS_SENDS_PER_DAY": "0",
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'x.db'}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]
