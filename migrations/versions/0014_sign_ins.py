"""the history of sign-ins, and their second step"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("administrator_id", sa.Integer(), nullable=True),
        sa.Column("typed", sa.String(length=320), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
    )
    op.create_index("ix_sign_in_administrator", "sign_in", ["administrator_id", "id"], unique=False)
    op.create_index("ix_sign_in_at", "sign_in", ["at"], unique=False)
    op.create_table(
        "sign_in_step",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("administrator_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["administrator_id"],
            ["administrator.id"],
            name=op.f("fk_sign_in_step_administrator_id_administrator"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_step")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_step_token_hash")),
    )
    op.create_index(
        op.f("ix_sign_in_step_administrator_id"), "sign_in_step", ["administrator_id"], unique=False
    )
    op.create_index("ix_sign_in_step_started_at", "sign_in_step", ["started_at"], unique=False)
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("administrator_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["administrator_id"],
            ["administrator.id"],
            name=op.f("fk_recovery_code_administrator_id_administrator"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(
        op.f("ix_recovery_code_administrator_id"), "recovery_code", ["administrator_id"], unique=False
    )
    op.add_column("administrator", sa.Column("second_factor", sa.String(length=8), nullable=True))


def downgrade() -> None:
    op.drop_column("administrator", "second_factor")
    op.drop_table("recovery_code")
    op.drop_table("sign_in_step")
    op.drop_table("sign_in")
