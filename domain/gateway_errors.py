"""What a gateway can raise, and what keeps a message from being handed to one."""

from domain.errors import SendcodeError


class GatewayError(SendcodeError):
    """Raised when a gateway refused the message for good; another try would be refused too."""

    code = "refused"

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class TemporaryGatewayError(GatewayError):
    """Raised when a gateway may accept the same message later; `retry_after` in seconds if it said when."""

    code = "temporary"

    def __init__(self, reason: str, *, retry_after: float | None = None):
        super().__init__(reason)
        self.retry_after = retry_after


class NotNow(TemporaryGatewayError):
    """Raised when a working gateway asks for this very message later, such as a mail server that greylists."""


class UnknownResult(TemporaryGatewayError):
    """Raised when the message may or may not have been accepted: timeout, or a connection lost after sending."""

    code = "unknown"


class WrongGateway(TemporaryGatewayError):
    """Raised when this gateway won't take the message but another may: no balance, no template, unsupported country."""

    code = "wrong_gateway"


class GatewayAtFault(WrongGateway):
    """Raised when the gateway's own set-up is refused: wrong credentials, no relay, no balance, no such path."""

    code = "gateway_at_fault"


class RateLimited(TemporaryGatewayError):
    """Raised when the provider takes no more messages just now, whichever they are; `retry_after` if it said when."""

    code = "rate_limited"


class GatewayBusy(TemporaryGatewayError):
    """Raised when all our own connections are in use: no gateway was asked, so it does not count as a try."""

    code = "busy"


class SwitchedOff(GatewayBusy):
    """Raised when all gateways for a destination are switched off: none was asked, so it does not count as a try."""

    code = "switched_off"


class TooLate(GatewayBusy):
    """Raised when a message's deadline or lease ended just before it was handed over: nobody was asked."""

    code = "too_late"


class GatewaysHeld(GatewayBusy):
    """Raised when every gateway left is held back, by its circuit breaker or a rate limit: nobody was asked."""

    code = "held"

    def __init__(self, reason: str, *, seconds: float):
        super().__init__(reason)
        self.seconds = seconds
        """How long to wait before looking again, so that messages that wait together don't return together."""
