"""addresses where identity servers and alert senders hand over what is to be sent"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hook",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=True),
        sa.Column("settings", sa.Text(), nullable=True),
        sa.Column("destinations", sa.Text(), nullable=True),
        sa.Column("secret", sa.LargeBinary(length=1024), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(length=1024), nullable=True),
        sa.Column("old_until", sa.BigInteger(), nullable=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook")),
    )
    op.create_table(
        "hook_delivery",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_hook_delivery")),
    )
    op.create_index("ix_hook_delivery_until", "hook_delivery", ["until"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_hook_delivery_until", table_name="hook_delivery")
    op.drop_table("hook_delivery")
    op.drop_table("hook")
