import os
import stat
from pathlib import Path

import pytest
import sqlalchemy

from models import engine
from tests.fresh import run_fresh


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
def test_a_forked_child_writes_where_its_parent_wrote(tmp_path: Path):
    program = (
        "import os\n"
        "import sqlalchemy\n"
        "from models import engine\n"
        "database = sqlalchemy.create_engine(os.environ['SQLALCHEMY_DATABASE_URI'])\n"
        "def write(statement):\n"
        "    with database.begin() as connection:\n"
        "        connection.exec_driver_sql(statement)\n"
        "write('CREATE TABLE one (id INTEGER)')\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os.closerange(3, 100)  # as Celery does in an embedded beat\n"
        "    write('INSERT INTO one VALUES (1)')\n"
        "    os._exit(0)\n"
        "print(os.waitpid(child, 0)[1])\n"
        "write('INSERT INTO one VALUES (2)')\n"
    )
    done = run_fresh(program, tmp_path)
    assert (done.returncode, done.stdout.split()) == (0, ["0"]), done.stderr


def test_a_database_in_memory_outlives_a_fork():
    database = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.StaticPool)
    with database.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE one (id INTEGER)")
    engine._close_sqlite()
    with database.begin() as connection:
        connection.exec_driver_sql("INSERT INTO one VALUES (1)")
    database.dispose()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")
@pytest.mark.parametrize("form", ["sqlite:///{}", "sqlite:///file:{}?uri=true"])
def test_a_new_database_and_its_folder_are_for_their_owner_only(tmp_path, form):
    file = tmp_path / "instance" / "sendcode.db"
    settings = {"SQLALCHEMY_DATABASE_URI": form.format(file)}
    before = os.umask(0o022)
    try:
        engine.prepare(settings)
        made = sqlalchemy.create_engine(form.format(file))
        with made.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE one (id INTEGER)")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    finally:
        os.umask(before)
        made.dispose()
    assert modes == {"sendcode.db": 0o600, "sendcode.db-wal": 0o600, "sendcode.db-shm": 0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_database_that_is_there_keeps_its_rights(tmp_path):
    file = tmp_path / "shared.db"
    file.touch()
    file.chmod(0o660)
    made = sqlalchemy.create_engine(f"sqlite:///{file}")
    made.connect().close()
    made.dispose()
    assert stat.S_IMODE(file.stat().st_mode) == 0o660
