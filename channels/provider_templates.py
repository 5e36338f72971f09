"""The table `templates` of a gateway: providers that send only texts which they have approved beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.gateway import Outgoing
from channels.options import Options
from domain.errors import WrongGateway


@dataclass(frozen=True, slots=True)
class ProviderTemplate:
    """One approved text: its id at the provider, and its parameters in order, the provider's name first, then ours."""

    id: str
    params: Sequence[tuple[str, str]]

    def values(self, outgoing: Outgoing) -> list[tuple[str, str]]:
        """Return the parameters with the provider's names. Raises WrongGateway where the message lacks one."""
        try:
            return [(theirs, outgoing.params[ours]) for theirs, ours in self.params]
        except KeyError as missing:
            raise WrongGateway(f"the message has no parameter {missing.args[0]}") from None


class ProviderTemplates:
    """The approved texts by our template's name, and where they differ by `<name>.<locale>`."""

    def __init__(self, options: Options):
        """Read `templates`. Raises ConfigurationError."""
        table = options.table("templates")
        if table is None or not table.keys:
            raise options.error("templates", "must hold at least one, the provider sends no free texts")
        self._templates = _read(table)

    def of(self, outgoing: Outgoing) -> ProviderTemplate:
        """Return the text for a message. Raises WrongGateway where the provider has none."""
        found = self._templates.get(f"{outgoing.template}.{outgoing.locale}") or self._templates.get(
            outgoing.template or ""
        )
        if found is None:
            raise WrongGateway("the provider has no template for this message")
        return found


def _read(table: Options, prefix: str = "") -> dict[str, ProviderTemplate]:
    """Read templates; TOML makes of `code.zh = …` a table in a table."""
    found: dict[str, ProviderTemplate] = {}
    for key in table.keys:
        inner, raw = table.table(key), table.anything(key)
        assert inner is not None
        if not prefix and raw and all(isinstance(one, dict) for one in raw.values()):
            found |= _read(inner, f"{key}.")
        else:
            found[prefix + key] = ProviderTemplate(inner.text("id"), _params(inner))
            inner.finish()
    return found


def _params(options: Options) -> list[tuple[str, str]]:
    """Read `params`: a list of our names in the provider's order, or a table of the provider's names with ours."""
    if not isinstance(options.anything("params"), dict):
        return [(name, name) for name in options.texts("params")]
    table = options.table("params")
    return [(theirs, table.text(theirs)) for theirs in table.keys] if table else []
