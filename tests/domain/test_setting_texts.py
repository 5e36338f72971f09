import pytest

from domain.errors import ConfigurationError
from domain.setting_texts import by_country


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([], {}),
        (["5000"], {"*": 5000}),
        (["cn=5000", " * = 200"], {"CN": 5000, "*": 200}),
        ({"CN": 1}, {"CN": 1}),
    ],
)
def test_numbers_by_country_are_read(given, read):
    assert by_country("X", given) == read


@pytest.mark.parametrize("given", [["CN"], ["CN="], ["=5"], ["CN=-1"], ["CN=many"], ["CN=٣"]])
def test_an_invalid_number_by_country_is_refused_by_name(given):
    with pytest.raises(ConfigurationError, match="COUNTRY_SENDS_PER_DAY must be written"):
        by_country("COUNTRY_SENDS_PER_DAY", given)
