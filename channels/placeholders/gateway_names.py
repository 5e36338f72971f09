"""The placeholders of one gateway: those that all know, its own keys, its coding words and its signatures."""

from collections.abc import Mapping

from channels.options import Options
from channels.placeholders.digests import read_digest
from channels.placeholders.filling import AFTER_THE_BODY, VALUES, Filling, Value
from channels.placeholders.texts import Names, Text
from domain.errors import ConfigurationError
from domain.gateway_errors import GatewayError

SIGNATURES = "sign"


def gateway_names(options: Options, callback: str = "") -> Names[Filling]:
    """Read the tables `coding` and the preset's keys. Raises ConfigurationError.

    `callback`: where the provider reports deliveries, empty where it can't.
    """
    keys = {f"keys.{name}": value for name, value in options.credentials.items()}
    return Names(
        {**VALUES, **_coding(options.table("coding"))},
        families={"params": _parameter},
        constants={**keys, "callback": callback},
    )


def signatures(options: Options | None, names: Names[Filling]) -> tuple[Names[Filling], Names[Filling]]:
    """Read the table `sign`; return the placeholders for the body, and for what is made after the body.

    A signature may contain `{body}`, and those that are written above it.
    """
    after = names.also(AFTER_THE_BODY)
    for name in options.keys if options else []:
        assert options is not None
        table = options.table(name)
        if table is None:
            continue
        value = _signature(name, table, after)
        after = after.also({f"{SIGNATURES}.{name}": value})
        if not _needs_the_body(table, names):
            names = names.also({f"{SIGNATURES}.{name}": value})
        table.finish()
    return names, after


def _signature(name: str, options: Options, names: Names[Filling]) -> Value:
    digest = read_digest(options, names)
    text = Text(options.place("of"), options.text("of"), names)

    def made(filling: Filling) -> str:
        if name not in filling.made:
            filling.made[name] = digest.of(text.fill(filling).encode(errors="replace"))
        return filling.made[name]

    return made


def _needs_the_body(options: Options, names: Names[Filling]) -> bool:
    """Tell whether what is signed contains the body, itself or in another signature."""
    try:
        Text("of", options.text("of"), names)
    except ConfigurationError:
        return True
    return False


def _parameter(name: str) -> Value:
    def value(filling: Filling) -> str:
        params = filling.outgoing.params
        if name not in params:
            raise GatewayError(f"the message has no params.{name}")
        return str(params[name])

    return value


USUAL = Names(VALUES, families={"params": _parameter})
"""The placeholders of a gateway without keys, coding words and signatures of its own."""


def _coding(options: Options | None) -> Mapping[str, Value]:
    """Read the provider's words for an SMS in the GSM alphabet and for one in Unicode."""
    if options is None:
        return {}
    plain, unicode = options.word("gsm"), options.word("unicode")
    options.finish()
    return {"coding": lambda filling: plain if filling.fits_gsm else unicode}
