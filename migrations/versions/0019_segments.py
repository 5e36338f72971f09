"""segments of an SMS; Mexican mobile numbers as they are written now"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("segments", sa.Integer(), nullable=False, server_default="1"))
    _without_old_mobile_prefix()


def downgrade() -> None:
    with op.batch_alter_table("message") as batch:
        batch.drop_column("segments")


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
