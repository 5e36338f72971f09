"""when a message was planned for, by how much a process's clock is off, and utf8mb4 on MariaDB and MySQL"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

CHARSET = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


def upgrade() -> None:
    op.add_column("message", sa.Column("send_at", sa.BigInteger(), nullable=True))
    op.add_column("seen_process", sa.Column("ahead_ms", sa.BigInteger(), nullable=True))
    connection = op.get_bind()
    if connection.dialect.name not in ("mysql", "mariadb"):
        return
    op.execute("SET foreign_key_checks = 0")  # both ends of a key are converted, one after the other
    for table in sa.inspect(connection).get_table_names():
        quoted = connection.dialect.identifier_preparer.quote(table)
        op.execute(f"ALTER TABLE {quoted} CONVERT TO {CHARSET}")
    op.execute("SET foreign_key_checks = 1")


def downgrade() -> None:
    """The tables stay utf8mb4: older releases read it, and what was written since may fit nothing smaller."""
    op.drop_column("seen_process", "ahead_ms")
    op.drop_column("message", "send_at")
