import pytest

from domain.errors import ConfigurationError
from domain.setting_texts import by_country, redis_url


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


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        (
            "rediss://:pw@r.example:6380/0?ssl_cert_reqs=CERT_NONE",
            "rediss://:pw@r.example:6380/0?ssl_cert_reqs=none",
        ),
        ("rediss://r/0?a=1&ssl_cert_reqs=CERT_REQUIRED&b=2", "rediss://r/0?a=1&ssl_cert_reqs=required&b=2"),
        ("rediss://r/0?ssl_cert_reqs=Optional", "rediss://r/0?ssl_cert_reqs=optional"),
        ("rediss://a/0?ssl_cert_reqs=CERT_NONE;rediss://b/0", "rediss://a/0?ssl_cert_reqs=none;rediss://b/0"),
        ("rediss://r/0", "rediss://r/0"),
        ("redis://r/0", "redis://r/0"),
        ("amqps://r//?ssl_cert_reqs=CERT_NONE", "amqps://r//?ssl_cert_reqs=CERT_NONE"),
        ("", ""),
    ],
)
def test_both_spellings_of_how_certificates_are_checked_are_understood(given, understood):
    assert redis_url("REDIS_URL", given) == understood


def test_a_wrong_spelling_is_refused_without_the_password():
    with pytest.raises(ConfigurationError, match="REDIS_URL: ssl_cert_reqs must be") as refused:
        redis_url("REDIS_URL", "rediss://:s3cret@r/0?ssl_cert_reqs=NEVER")
    assert "s3cret" not in str(refused.value)


def test_results_over_tls_are_checked_where_nothing_else_is_said():
    assert redis_url("CELERY_RESULT_BACKEND", "rediss://r/1") == "rediss://r/1?ssl_cert_reqs=required"
