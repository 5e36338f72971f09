"""The table `templates` of a gateway, for providers that send only texts they have approved beforehand."""

from channels.gateway import Outgoing
from channels.options import Options
from domain import locales
from domain.gateway_errors import WrongGateway
from domain.provider_templates import ProviderTemplate


class ProviderTemplates:
    """The approved texts by our template's name, or by `<name>.<locale>` where languages differ.

    Without the table, only templates whose versions name an approved text themselves are sent.
    """

    def __init__(self, options: Options):
        """Read `templates`. Raises ConfigurationError."""
        self._gateway = options.name
        table = options.table("templates")
        if table is not None and not table.keys:
            raise options.error("templates", "must hold at least one, or be left out")
        self._templates = _read(table) if table else {}

    def of(self, outgoing: Outgoing) -> ProviderTemplate:
        """Return the approved text for a message; one named by its own version overrides gateways.toml.

        Raises WrongGateway where the provider has none.
        """
        found = outgoing.provider_templates.get(self._gateway) or self._in_file(outgoing)
        if found is None:
            raise WrongGateway("the provider has no template for this message")
        return found

    def _in_file(self, outgoing: Outgoing) -> ProviderTemplate | None:
        for tag in locales.broader(outgoing.locale) if outgoing.locale else ():
            found = self._templates.get(f"{outgoing.template}.{tag}")
            if found is not None:
                return found
        return self._templates.get(outgoing.template or "")


def _read(table: Options, prefix: str = "") -> dict[str, ProviderTemplate]:
    """Read templates; TOML turns `code.zh = …` into a nested table."""
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
