"""broadcasts from files: their drafts, and recipients that wait for a worker to make their messages"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None

MEDIUM_BYTES = 16_777_215


def upgrade() -> None:
    with op.batch_alter_table("broadcast") as table:
        table.add_column(sa.Column("name", sa.String(length=100), nullable=True))
    op.create_table(
        "broadcast_part",
        sa.Column("broadcast_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("segments", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(length=MEDIUM_BYTES), nullable=False),
        sa.PrimaryKeyConstraint("broadcast_id", "number", name=op.f("pk_broadcast_part")),
    )
    op.create_table(
        "broadcast_draft",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("administrator_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("sealed", sa.LargeBinary(length=MEDIUM_BYTES), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_draft")),
    )
    op.create_index("ix_broadcast_draft_created_at", "broadcast_draft", ["created_at"], unique=False)
    op.create_table(
        "broadcast_draft_part",
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(length=MEDIUM_BYTES), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", "number", name=op.f("pk_broadcast_draft_part")),
    )


def downgrade() -> None:
    op.drop_table("broadcast_draft_part")
    op.drop_index("ix_broadcast_draft_created_at", table_name="broadcast_draft")
    op.drop_table("broadcast_draft")
    op.drop_table("broadcast_part")
    with op.batch_alter_table("broadcast") as table:
        table.drop_column("name")
