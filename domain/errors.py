"""Every error that a rule, a limit or a gateway can raise; API, console and commands map them to answers."""

from domain.field_problems import FieldProblem as FieldProblem
from domain.refusals import Refusal


class SendcodeError(Exception):
    """The root of all errors raised on purpose."""

    code = "error"


class ConfigurationError(SendcodeError):
    """Raised when a setting is missing or invalid; the text names it."""

    code = "configuration"


class InvalidInput(SendcodeError):
    """Raised when the caller's input breaks a rule; lists every field at fault."""

    code = "invalid_input"

    def __init__(self, *problems: FieldProblem):
        super().__init__("; ".join(f"{problem.field}: {problem.message}" for problem in problems))
        self.problems = problems


class InvalidDestination(InvalidInput):
    """Raised when `to` is not an e-mail address or phone number, or could mean two of them."""

    code = "invalid_destination"

    def __init__(self, message: str, field: str = "to"):
        super().__init__(FieldProblem(field, message))


class CountryNotAllowed(InvalidDestination):
    """Raised when SMS to the number's country is not switched on in `SMS_COUNTRIES`."""

    code = "country_not_allowed"


class AlreadyYours(InvalidDestination):
    """Raised when somebody asks to change to the destination that they already have."""

    code = "already_yours"


class MalformedCode(InvalidInput):
    """Raised when a guess can't be a code at all; it costs no attempt."""

    code = "malformed_code"

    def __init__(self, length: int, *, has_letters: bool = False):
        super().__init__(
            FieldProblem("code", f"must be {length} {'letters and digits' if has_letters else 'digits'}")
        )


class WeakPassword(InvalidInput):
    """Raised when a new password is refused; `fault` is `short`, `long`, `guessable` or `unchanged`."""

    code = "weak_password"

    def __init__(self, fault: str, message: str):
        super().__init__(FieldProblem("password", message))
        self.fault = fault


class InvalidNetwork(InvalidInput):
    """Raised when a text is not an IP address or network; `given` is that text."""

    def __init__(self, given: str, message: str):
        super().__init__(FieldProblem("networks", message))
        self.given = given


class NameTaken(InvalidInput):
    """Raised when another thing of the same kind already has the name."""

    code = "name_taken"

    def __init__(self, message: str):
        super().__init__(FieldProblem("name", message))


class NotFound(SendcodeError):
    """Raised when there is no such thing, or it belongs to somebody else."""

    code = "not_found"


class Conflict(SendcodeError):
    """Raised when the thing is in a state that forbids the action."""

    code = "conflict"


class NotAgain(Conflict):
    """Raised when a message or code may not be sent again or canceled; `why` says why not."""

    def __init__(self, why: Refusal, message: str):
        super().__init__(message)
        self.why = why


class NoNextChannel(Conflict):
    """Raised when the fallback of a verification has no step left."""

    code = "no_next_channel"

    def __init__(self) -> None:
        super().__init__("the verification has no other channel left")


class LastOwner(Conflict):
    """Raised when a change would leave the console without an owner."""

    code = "last_owner"

    def __init__(self) -> None:
        super().__init__("this is the last owner: make somebody else an owner first")


class AlreadyInvited(Conflict):
    """Raised when somebody is invited who already has a pending invitation."""

    code = "already_invited"


class OwnAccount(Conflict):
    """Raised when administrators would change their own role or disable their own account."""

    code = "own_account"

    def __init__(self) -> None:
        super().__init__("this is your own account: another owner can change it")


class FirstInFlight(Conflict):
    """Raised when a request with the same Idempotency-Key has not been answered yet."""

    code = "idempotency_in_flight"


class KeyReused(InvalidInput):
    """Raised when an Idempotency-Key comes back with another request."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(FieldProblem("Idempotency-Key", "was used for another request"))


class LimitExceeded(SendcodeError):
    """Raised when a limit is hit; `retry_after` is whole seconds, at least 1; `who` must not be a whole destination."""

    code = "limit_exceeded"

    def __init__(self, limit: str, retry_after: int, *, who: str = ""):
        super().__init__(f"{limit} reached, retry after {retry_after} s")
        self.limit = limit
        self.retry_after = retry_after
        self.who = who


class DestinationLocked(LimitExceeded):
    """Raised when too many wrong codes were tried for one destination and purpose."""

    code = "destination_locked"


class VerificationLocked(LimitExceeded):
    """Raised when a verification has no attempts left."""

    code = "verification_locked"

    def __str__(self) -> str:
        return "no attempts are left for this code: send a new one"


class NotAuthenticated(SendcodeError):
    """Raised when the caller did not prove who it is."""

    code = "not_authenticated"


class SecondStepNeeded(NotAuthenticated):
    """Raised when the password is right and a code is needed as well; `token` identifies the step and is a secret."""

    code = "second_step_needed"

    def __init__(self, token: str):
        super().__init__("a code is needed as well")
        self.token = token


class PasswordNeeded(NotAuthenticated):
    """Raised when a change needs the password again: the last proof is too old."""

    code = "password_needed"


class NotAllowed(SendcodeError):
    """Raised when the caller is known but may not do this."""

    code = "not_allowed"


class AddressNotAllowed(NotAllowed):
    """Raised when an API key is used from an address that is not on its list."""

    code = "address_not_allowed"

    def __init__(self, address: str | None):
        super().__init__(f"the key may not be used from {address or 'an unknown address'}")
        self.address = address


class ForgedReceipt(SendcodeError):
    """Raised when a delivery report is unsigned, wrongly signed or too old."""

    code = "forged_receipt"


class LastGateway(Conflict):
    """Raised when switching off a gateway that has no substitute, without confirming that this is intended."""


class BrokerUnreachable(SendcodeError):
    """Raised when a task, which unlike a message has no outbox, could not be handed to the broker."""

    code = "broker_unreachable"
