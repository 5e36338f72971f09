"""Texts that a provider has approved beforehand: sent by their id, filled with our parameters."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.gateway_errors import WrongGateway

_PAIR = re.compile(r"(?:([A-Za-z0-9_]{1,64})\s*=\s*)?([A-Za-z_][A-Za-z0-9_]{0,63})")


@dataclass(frozen=True, slots=True)
class ProviderTemplate:
    """One approved text: its id at the provider, and its parameters in order, the provider's name first, then ours.

    `sign_name`, where it is not empty, takes precedence over the gateway's own.
    """

    id: str
    params: Sequence[tuple[str, str]]
    sign_name: str = ""

    def values(self, params: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return the parameters with the provider's names. Raises WrongGateway where the message lacks one."""
        try:
            return [(theirs, params[ours]) for theirs, ours in self.params]
        except KeyError as missing:
            raise WrongGateway(f"the message has no parameter {missing.args[0]}") from None


def read_params(text: str) -> tuple[tuple[str, str], ...]:
    """Return parameters as people write them: `code, minutes`, or `number = code, min = minutes`.

    Raises ValueError.
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    found = [_PAIR.fullmatch(part) for part in parts]
    if not all(found):
        raise ValueError("must be names, separated by commas")
    return tuple((one[1] or one[2], one[2]) for one in found if one)


def params_text(params: Sequence[tuple[str, str]]) -> str:
    """Return parameters as people write them."""
    return ", ".join(ours if theirs == ours else f"{theirs} = {ours}" for theirs, ours in params)
