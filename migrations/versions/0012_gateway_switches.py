"""gateways that people switch off and on, and tries by their time"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_switch",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=True),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gateway_switch")),
    )
    op.create_index("ix_message_try_at", "message_try", ["at"])


def downgrade() -> None:
    op.drop_index("ix_message_try_at", "message_try")
    op.drop_table("gateway_switch")
