"""authenticator apps and passkeys"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "authenticator",
        sa.Column("administrator_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=True),
        sa.Column("pending", sa.LargeBinary(), nullable=True),
        sa.Column("pending_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["administrator_id"],
            ["administrator.id"],
            name=op.f("fk_authenticator_administrator_id_administrator"),
        ),
        sa.PrimaryKeyConstraint("administrator_id", name=op.f("pk_authenticator")),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("administrator_id", sa.Integer(), nullable=False),
        sa.Column("credential_hash", sa.String(length=64), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["administrator_id"], ["administrator.id"], name=op.f("fk_passkey_administrator_id_administrator")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_hash", name=op.f("uq_passkey_credential_hash")),
    )
    op.create_index(op.f("ix_passkey_administrator_id"), "passkey", ["administrator_id"], unique=False)
    op.create_table(
        "passkey_challenge",
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("challenge", sa.LargeBinary(length=64), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_passkey_challenge")),
    )
    op.create_index("ix_passkey_challenge_made_at", "passkey_challenge", ["made_at"], unique=False)


def downgrade() -> None:
    op.drop_table("passkey_challenge")
    op.drop_table("passkey")
    op.drop_table("authenticator")
