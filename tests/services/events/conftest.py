"""The receivers and endpoints of the tests of webhooks."""

from tests.services.webhooks.conftest import at_once, receiver, settings

__all__ = ["at_once", "receiver", "settings"]
