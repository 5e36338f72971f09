"""The brand of mails, and the logos that mails have shown."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime


class MailBrand(db.Model):
    """The brand of the installation: at most one row, with the id 1."""

    __tablename__ = "mail_brand"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    colour: Mapped[str] = mapped_column(String(7))
    footer: Mapped[str] = mapped_column(String(500))
    logo: Mapped[str | None] = mapped_column(String(32))
    """The name of a `MailLogo`; NULL: the name of the service in words."""
    logo_width: Mapped[int | None]
    logo_height: Mapped[int | None]


class MailLogo(db.Model):
    """One picture. It is kept when another takes its place: mails that were sent show it."""

    __tablename__ = "mail_logo"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Made of the content, so that a name always means the same picture."""
    content: Mapped[bytes] = mapped_column(LargeBinary(65_535))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
