"""Which 2xx answers mean success: many providers answer 200 and say in the body that they refused."""

from collections.abc import Collection

from channels.answers.finding import ABSENT, Document, Place, as_text, place_in
from channels.options import Options
from domain.gateway_errors import GatewayError, TemporaryGatewayError


class Success:
    """A rule about an answer: a value that it must contain.

    Parameters:
        place: where the value is.
        equals: the values that mean success; None where any does.
        temporary: what an answer means that breaks the rule and whose code `errors` does not list.
    """

    def __init__(self, place: Place, equals: Collection[str] | None = None, *, temporary: bool = False):
        self._place = place
        self._equals = equals
        self.otherwise = TemporaryGatewayError if temporary else GatewayError

    def is_met(self, document: Document) -> bool:
        """Tell whether the answer means success."""
        found = self._place.find(document)
        return found is not ABSENT and (self._equals is None or as_text(found) in self._equals)


def read_success(options: Options | None) -> Success | None:
    """Read the table `success`. Raises ConfigurationError."""
    if options is None:
        return None
    temporary = options.flag("temporary")
    place = place_in(options)
    if place is None:
        raise options.error("matches", "is missing: json, xml, header or matches says what means success")
    equals = None
    if not options.has("matches"):
        equals = frozenset(options.words("equals"))
        if not equals:
            raise options.error("equals", "is missing")
    options.finish()
    return Success(place, equals, temporary=temporary)
