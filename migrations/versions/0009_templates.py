"""texts that people edit, with all their versions; a message names the one it was made with"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "template",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("locale", sa.String(35), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("name", "channel", "locale", "purpose", name="uq_template_key"),
    )
    op.create_table(
        "template_version",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("template_id", sa.Integer(), sa.ForeignKey("template.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text()),
        sa.Column("host", sa.String(253)),
        sa.Column("providers", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.Column("saved_by", sa.Integer()),
        sa.Column("published_at", sa.BigInteger()),
        sa.Column("published_by", sa.Integer()),
        sa.UniqueConstraint("template_id", "number", name="uq_template_version_number"),
    )
    op.add_column("message", sa.Column("template_version", sa.Integer()))


def downgrade() -> None:
    op.drop_column("message", "template_version")
    op.drop_table("template_version")
    op.drop_table("template")
