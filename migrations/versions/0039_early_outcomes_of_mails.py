"""outcomes of mails that come before the answer to their send"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "early_outcome",
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("gateway_reference", sa.String(length=255), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "gateway_reference", "outcome", name=op.f("pk_early_outcome")),
    )


def downgrade() -> None:
    op.drop_table("early_outcome")
