import sqlite3

import psycopg
import pymysql
import pytest
import sqlalchemy

from models.reasons import reason
from tests.databases import ON_SERVERS, database_of


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (pymysql.err.OperationalError(1205, "Lock wait timeout exceeded", sqlstate="HY000"), 1205),
        (pymysql.err.OperationalError(2013, "Lost connection"), 2013),
        (psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"), "55P03"),
        (sqlite3.OperationalError("database is locked"), "database is locked"),
        (psycopg.OperationalError("the connection is closed"), "the connection is closed"),
        (ValueError(), None),
        (None, None),
    ],
)
def test_the_number_of_mysql_is_told_before_its_state(error, expected):
    assert reason(error) == expected


WAITS = {"postgresql": ("SET lock_timeout = 100", "55P03"), "mariadb": ("SET lock_wait_timeout = 1", 1205)}


@pytest.mark.parametrize("kind", ON_SERVERS)
def test_a_real_server_tells_that_a_lock_was_waited_for_too_long(kind):
    limit, expected = WAITS[kind]
    with database_of(kind) as url:
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE locked (id INTEGER)")
        with engine.connect() as holder, engine.connect() as waiting:
            is_mysql = kind == "mariadb"
            holder.exec_driver_sql("LOCK TABLES locked WRITE" if is_mysql else "LOCK TABLE locked")
            waiting.exec_driver_sql(limit)
            with pytest.raises(sqlalchemy.exc.OperationalError) as refused:
                waiting.exec_driver_sql("SELECT * FROM locked")
            assert reason(refused.value.orig) == expected
