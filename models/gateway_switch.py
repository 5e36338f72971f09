"""What people change about gateways while everything runs."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime


class GatewaySwitch(db.Model):
    """One row per gateway that was ever switched off or given another weight; the file has the rest.

    The row of a gateway that was removed from the file is kept, and has no effect until the gateway is back.
    """

    __tablename__ = "gateway_switch"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    is_off: Mapped[bool] = mapped_column(default=False)
    weight: Mapped[int | None]
    """None: as the file says."""
    changed_by: Mapped[int | None]
    """The administrator's id; None: the command line."""
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
