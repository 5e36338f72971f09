from channels.making import NAME
from domain.pinning import SIGN, pin, pinned_to


def test_a_pinned_message_names_its_one_gateway():
    assert pinned_to(pin("main")) == "main"


def test_a_preferred_gateway_is_not_a_pinned_one():
    assert pinned_to("main") is None
    assert pinned_to(None) is None


def test_no_gateway_can_have_a_name_that_looks_pinned():
    assert not NAME.fullmatch(f"{SIGN}main")
