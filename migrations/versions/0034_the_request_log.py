"""the requests of API keys, and their number in each hour"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("api_key_id", sa.String(length=32), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=120), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_request")),
    )
    op.create_index("ix_api_request_api_key_id", "api_request", ["api_key_id", "at"], unique=False)
    op.create_index("ix_api_request_at", "api_request", ["at"], unique=False)
    op.create_index("ix_api_request_request_id", "api_request", ["request_id"], unique=False)
    op.create_table(
        "api_hour",
        sa.Column("api_key_id", sa.String(length=32), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("unlogged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("api_key_id", "hour", name=op.f("pk_api_hour")),
    )
    op.create_index("ix_api_hour_hour", "api_hour", ["hour"], unique=False)


def downgrade() -> None:
    op.drop_table("api_hour")
    op.drop_table("api_request")
