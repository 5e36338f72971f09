"""destinations whose code is always the same, and to which nothing is sent"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "test_number",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("to", sa.String(length=320), nullable=False),
        sa.Column("canonical", sa.String(length=320), nullable=False),
        sa.Column("sealed_code", sa.LargeBinary(length=255), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_number")),
        sa.UniqueConstraint("channel", "canonical", name=op.f("uq_test_number_channel_canonical")),
    )


def downgrade() -> None:
    op.drop_table("test_number")
