import pytest

from domain.gateway_errors import WrongGateway
from domain.provider_templates import ProviderTemplate, params_text, read_params


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("", ()),
        ("code", (("code", "code"),)),
        ("code, minutes", (("code", "code"), ("minutes", "minutes"))),
        ("number=code, min = minutes", (("number", "code"), ("min", "minutes"))),
        ("1=code", (("1", "code"),)),
    ],
)
def test_parameters_are_read_as_people_write_them(text, params):
    assert read_params(text) == params
    assert read_params(params_text(params)) == params


@pytest.mark.parametrize("text", ["code,", "a b", "code;minutes", "=code", "x=", "1"])
def test_an_invalid_list_of_names_is_refused(text):
    with pytest.raises(ValueError, match="names"):
        read_params(text)


def test_a_message_without_a_parameter_goes_to_another_gateway():
    with pytest.raises(WrongGateway, match="minutes"):
        ProviderTemplate("1", (("m", "minutes"),)).values({"code": "1"})
