"""messages that are no codes, and broadcasts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "broadcast",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=True),
        sa.Column("sealed", sa.LargeBinary(length=65535), nullable=True),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("canceled_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
    )
    op.create_index("ix_broadcast_created_at", "broadcast", ["created_at"])
    op.add_column("message", sa.Column("broadcast_id", sa.String(length=32), nullable=True))
    op.add_column(
        "message", sa.Column("keeps_content", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("ix_message_broadcast", "message", ["broadcast_id", "status"])
    if op.get_bind().dialect.name in ("mysql", "mariadb"):  # an answer to 10,000 recipients is longer than TEXT
        op.alter_column("idempotent_answer", "body", type_=MEDIUMTEXT(), existing_type=sa.Text())


def downgrade() -> None:
    if op.get_bind().dialect.name in ("mysql", "mariadb"):
        op.alter_column("idempotent_answer", "body", type_=sa.Text(), existing_type=MEDIUMTEXT())
    op.drop_index("ix_message_broadcast", "message")
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_column("keeps_content")
        batch_op.drop_column("broadcast_id")
    op.drop_table("broadcast")
