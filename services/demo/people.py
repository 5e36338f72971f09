"""Invented people, with numbers and addresses from ranges that are reserved for fiction and belong to nobody."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from random import Random

FIRST_NAMES = (
    *("anna", "ben", "carla", "david", "elena", "finn", "greta", "hugo", "ines", "jonas", "kim", "lena"),
    *("mateo", "nora", "oskar", "paula", "quentin", "rosa", "samir", "tara", "uma", "viktor", "wei", "yuki"),
)
LAST_NAMES = (
    *("adler", "brown", "chen", "dubois", "evans", "fischer", "garcia", "huang", "ivanova", "jansen", "khan"),
    *("lopez", "meyer", "nilsson", "okafor", "patel", "rossi", "silva", "tanaka", "vogel", "wang", "zhou"),
)
DOMAINS = ("example.org", "example.com", "example.net")
AREAS_OF_US = ("202", "212", "303", "312", "404", "415", "512", "617", "702", "808", "907", "916")


@dataclass(frozen=True, slots=True)
class Country:
    """A country, its share of the numbers, its language, and a generator of numbers."""

    code: str
    share: int
    locale: str
    number: Callable[[Random], str]


COUNTRIES = (
    # 120 is not a mobile prefix in China; regulators reserve the other ranges for film and drama
    Country("CN", 40, "zh", lambda chance: f"+86120{chance.randrange(10**8):08}"),
    Country("DE", 19, "de", lambda chance: f"+491713920{chance.randrange(100):03}"),
    Country("US", 14, "en", lambda chance: f"+1{chance.choice(AREAS_OF_US)}55501{chance.randrange(100):02}"),
    Country("GB", 11, "en", lambda chance: f"+447700900{chance.randrange(1000):03}"),
    Country("FR", 8, "en", lambda chance: f"+3363998{chance.randrange(10_000):04}"),
    Country("SE", 5, "en", lambda chance: f"+46701740{chance.randrange(605, 700)}"),
    Country("AU", 3, "en", lambda chance: f"+61491570{chance.choice(('006', '156', '157', '158', '159'))}"),
)
_SHARES = list(accumulate(country.share for country in COUNTRIES))


def country(chance: Random) -> Country:
    """Return a random country."""
    return chance.choices(COUNTRIES, cum_weights=_SHARES)[0]


def address(chance: Random) -> str:
    """Return a random e-mail address."""
    name = f"{chance.choice(FIRST_NAMES)}.{chance.choice(LAST_NAMES)}"
    return f"{name}{chance.randrange(1, 100)}@{chance.choice(DOMAINS)}"
