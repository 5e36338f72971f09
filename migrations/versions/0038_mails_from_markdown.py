"""mails from Markdown, what changed in a version of a text, names that people read, and the brand"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("template_version") as table:
        table.add_column(sa.Column("is_markdown", sa.Boolean(), nullable=True))
        table.add_column(sa.Column("comment", sa.String(length=200), nullable=True))
    op.create_table(
        "template_title",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_template_title")),
    )
    op.create_table(
        "mail_brand",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("colour", sa.String(length=7), nullable=False),
        sa.Column("footer", sa.String(length=500), nullable=False),
        sa.Column("logo", sa.String(length=32), nullable=True),
        sa.Column("logo_width", sa.Integer(), nullable=True),
        sa.Column("logo_height", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_brand")),
    )
    op.create_table(
        "mail_logo",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(length=65535), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mail_logo")),
    )


def downgrade() -> None:
    op.drop_table("mail_logo")
    op.drop_table("mail_brand")
    op.drop_table("template_title")
    with op.batch_alter_table("template_version") as table:
        table.drop_column("comment")
        table.drop_column("is_markdown")
