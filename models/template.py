"""Texts that people edit in the console, and every version of each."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import Json, UtcTime


class Template(db.Model):
    """One text by its key; `published` is the number of the version that new messages get.

    NULL means none: new messages get the shipped file, where there is one.
    """

    __tablename__ = "template"
    __table_args__ = (UniqueConstraint("name", "channel", "locale", "purpose", name="uq_template_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(8))
    locale: Mapped[str] = mapped_column(String(35))
    purpose: Mapped[str] = mapped_column(String(64))
    """Empty for the general text."""
    newest: Mapped[int]
    """The highest version number."""
    published: Mapped[int | None]
    discarded: Mapped[int | None]
    """The number of the draft that was discarded last; NULL where none was, or it was saved again."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class TemplateTitle(db.Model):
    """What people call a template; its texts in all channels and languages share it."""

    __tablename__ = "template_title"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(100))


class TemplateVersion(db.Model):
    """One saved version of a text. Only its publication is ever updated, and it is never deleted.

    Messages refer to the version they were made with, and workers cache what they have read.
    """

    __tablename__ = "template_version"
    __table_args__ = (UniqueConstraint("template_id", "number", name="uq_template_version_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("template.id"))
    number: Mapped[int]
    subject: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    host: Mapped[str | None] = mapped_column(String(253))
    """The site that the last line binds a code to; NULL for a text without that line."""
    providers: Mapped[dict[str, Any]] = mapped_column(Json)
    """Approved texts at providers that are sent in place of this one, by the gateway's name."""
    is_markdown: Mapped[bool | None]
    """Whether `text` is Markdown that a mail's HTML and plain text are made of; NULL in versions of older releases."""
    comment: Mapped[str | None] = mapped_column(String(200))
    """What changed, in the words of the person who saved it; NULL where they said nothing."""
    saved_at: Mapped[datetime] = mapped_column(UtcTime)
    saved_by: Mapped[int | None]
    """The administrator's id; no foreign key, so that versions outlive administrators."""
    published_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """The last time; NULL where it was never published."""
    published_by: Mapped[int | None]
