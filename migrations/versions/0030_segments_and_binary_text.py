"""segments of an SMS; texts that MariaDB compares byte by byte, as the other databases do"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("segments", sa.Integer(), nullable=False, server_default="1"))
    _convert("CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    _without_old_mobile_prefix()


def downgrade() -> None:
    _convert("CHARACTER SET utf8mb4")
    with op.batch_alter_table("message") as batch:
        batch.drop_column("segments")


def _convert(to: str) -> None:
    """Change all tables: under the usual collations, `müller@` and `muller@` are one address, `A` and `a` one name."""
    connection = op.get_bind()
    if connection.dialect.name not in ("mysql", "mariadb"):
        return
    inspector = sa.inspect(connection)
    tables = inspector.get_table_names()
    keys = [(table, key) for table in tables for key in inspector.get_foreign_keys(table)]
    for table, key in keys:  # MariaDB changes no column that a key ties to another
        op.drop_constraint(key["name"], table, type_="foreignkey")
    for table in tables:
        op.execute(f"ALTER TABLE `{table}` CONVERT TO {to}")
    for table, key in keys:
        op.create_foreign_key(
            key["name"], table, key["referred_table"], key["constrained_columns"], key["referred_columns"]
        )


def _without_old_mobile_prefix() -> None:
    """Write suppressed Mexican mobile numbers as they are written now, without the 1 before them."""
    table = sa.table("suppression", sa.column("id"), sa.column("channel"), sa.column("canonical"))
    connection = op.get_bind()
    found = connection.execute(
        sa.select(table.c.id, table.c.canonical).where(
            table.c.channel == "sms", table.c.canonical.like("+521__________")
        )
    ).all()
    for id, canonical in found:
        new = f"+52{canonical[4:]}"
        if connection.scalar(sa.select(table.c.id).where(table.c.channel == "sms", table.c.canonical == new)):
            continue
        connection.execute(sa.update(table).where(table.c.id == id).values(canonical=new))
