"""an API key has several secrets and a list of networks"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FOREIGN_KEY = "fk_api_key_secret_api_key_id_api_key"


def upgrade() -> None:
    op.create_table(
        "api_key_secret",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("api_key_id", sa.String(length=32), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key_secret")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_secret_key_hash")),
    )
    op.create_index(op.f("ix_api_key_secret_api_key_id"), "api_key_secret", ["api_key_id"], unique=False)
    op.execute(
        "INSERT INTO api_key_secret (api_key_id, key_hash, hint, created_at, last_used_at) "
        "SELECT id, key_hash, hint, created_at, last_used_at FROM api_key"
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_api_key_key_hash"), type_="unique")
        batch_op.drop_column("key_hash")
        batch_op.drop_column("hint")
        batch_op.drop_column("last_used_at")
        batch_op.add_column(sa.Column("networks", sa.Text(), nullable=True))
    # only now: SQLite makes `api_key` anew, which it does not do to a table that others refer to
    with op.batch_alter_table("api_key_secret", schema=None) as batch_op:
        batch_op.create_foreign_key(op.f(FOREIGN_KEY), "api_key", ["api_key_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("api_key_secret", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(FOREIGN_KEY), type_="foreignkey")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_column("networks")
        batch_op.add_column(sa.Column("last_used_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("hint", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("key_hash", sa.String(length=64), nullable=True))
    for column in ("key_hash", "hint", "last_used_at"):
        op.execute(
            f"UPDATE api_key SET {column} = (SELECT s.{column} FROM api_key_secret s "  # noqa: S608 - our own names
            "WHERE s.api_key_id = api_key.id AND s.expires_at IS NULL)"
        )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.alter_column("hint", existing_type=sa.String(length=16), nullable=False)
        batch_op.alter_column("key_hash", existing_type=sa.String(length=64), nullable=False)
        batch_op.create_unique_constraint(op.f("uq_api_key_key_hash"), ["key_hash"])
    op.drop_table("api_key_secret")
