"""The commands with which PostgreSQL and MariaDB are backed up: their own tools do it better than we could."""

import shlex

from sqlalchemy import URL


def backup_command(url: URL, file: str) -> str:
    """Return the shell command that writes the database to a file; it asks for the password or finds it by itself.

    pg_dump looks into PGPASSWORD and ~/.pgpass, mariadb-dump into MYSQL_PWD and ~/.my.cnf.
    """
    if url.get_backend_name() == "postgresql":
        return f"pg_dump --format=custom --file={shlex.quote(file)} {_dbname(url)}"
    return f"mariadb-dump --single-transaction {_login(url)} > {shlex.quote(file)}"


def restore_command(url: URL, file: str) -> str:
    """Return the shell command that makes the database what such a file holds."""
    if url.get_backend_name() == "postgresql":
        options = "--clean --if-exists --no-owner --single-transaction"
        return f"pg_restore {options} {_dbname(url)} {shlex.quote(file)}"
    return f"mariadb {_login(url)} < {shlex.quote(file)}"


def _dbname(url: URL) -> str:
    """Return the URL as libpq reads it, without the password."""
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return f"--dbname={shlex.quote(plain.render_as_string())}"


def _login(url: URL) -> str:
    told = {"host": url.host, "port": url.port, "user": url.username}
    options = [f"--{name}={value}" for name, value in told.items() if value]
    asks = ["--password"] if url.password else []
    return shlex.join(["--default-character-set=utf8mb4", *options, *asks, url.database or ""])
