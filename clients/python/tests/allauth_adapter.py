"""The adapter of a site that signs in by phone or e-mail; numbers are kept in the column of the first name."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.models import User

from sendcode.django.allauth import SendcodeAdapterMixin


class AccountAdapter(SendcodeAdapterMixin, DefaultAccountAdapter):
    """What allauth asks of every site that knows numbers."""

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        """Store a number."""
        user.first_name = phone
        user.save()

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        """Return the number."""
        return (user.first_name, True) if user.first_name else None

    def set_phone_verified(self, user: Any, phone: str) -> None:
        """Every number here is."""

    def get_user_by_phone(self, phone: str) -> Any:
        """Find a user."""
        return User.objects.filter(first_name=phone).first()
