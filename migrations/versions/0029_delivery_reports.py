"""delivery reports that come early, or in words that nobody knows"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "early_report",
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("gateway_reference", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "gateway_reference", name=op.f("pk_early_report")),
    )
    op.create_table(
        "unknown_word",
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("word", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "word", name=op.f("pk_unknown_word")),
    )


def downgrade() -> None:
    op.drop_table("unknown_word")
    op.drop_table("early_report")
