"""when a roll-up last looked at an hour, and how far"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("rolled_hour") as table:
        table.add_column(sa.Column("looked_at", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("counted_until", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("counted_version", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("rolled_hour") as table:
        table.drop_column("counted_version")
        table.drop_column("counted_until")
        table.drop_column("looked_at")
