"""One GET of an address that a company has posted."""

from channels.http.posting import Poster
from domain.errors import ConfigurationError, FieldProblem, InvalidInput
from domain.gateway_errors import GatewayError

SECONDS = 5.0


def visit(url: str) -> None:
    """Visit it; follows no redirects. Raises InvalidInput where the answer is no success."""
    try:
        poster = Poster(url, connections=1, seconds=SECONDS)
        answer = poster.request("GET", poster.target, None, {})
        poster.close()
    except (ConfigurationError, GatewayError):
        raise InvalidInput(FieldProblem("body", "the address to confirm could not be visited")) from None
    if not answer.accepted:
        raise InvalidInput(FieldProblem("body", "the address to confirm did not accept the visit"))
