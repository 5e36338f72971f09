"""The gateway that only remembers messages."""

import pytest

from channels.gateway import Gateway
from channels.memory import MemoryGateway
from domain.gateway_errors import TemporaryGatewayError
from tests.channels.conftest import sms


def test_it_remembers_messages_and_fails_on_demand() -> None:
    gateway = MemoryGateway()
    port: Gateway = gateway
    gateway.failures.append(TemporaryGatewayError("later"))
    with pytest.raises(TemporaryGatewayError):
        port.send(sms())
    assert port.send(sms(text="second")) == "memory-1"
    assert [outgoing.text for outgoing in gateway.sent] == ["second"]
