"""Why a database refused: its own number or state."""


def reason(error: BaseException | None) -> str | int | None:
    """Return the number of MariaDB and MySQL, the SQLSTATE of PostgreSQL, or SQLite's text.

    A driver may know both: PyMySQL tells the SQLSTATE since 1.2, which is HY000 for most of what MySQL has numbers for.
    """
    said = next(iter(getattr(error, "args", ())), None)
    return said if isinstance(said, int) else getattr(error, "sqlstate", None) or said
