import pytest

from domain.actions import Action
from services.audit import trail


@pytest.fixture
def run(app):
    return app.test_cli_runner().invoke


def gateways(run, *arguments, **options):
    return run(args=["gateways", *arguments], **options)


def lines(run):
    return gateways(run, "list").output.splitlines()


def test_list_shows_name_channel_type_state_and_weight(run):
    assert lines(run) == ["memory-sms\tsms\tmemory\ton\t100", "memory-mail\temail\tmemory\ton\t100"]


def test_switching_off_the_last_one_needs_a_confirmation(run):
    refused = gateways(run, "off", "memory-sms", input="n\n")
    assert refused.exit_code == 1
    assert "they wait, and then expire" in refused.output
    assert lines(run)[0].split("\t")[3] == "on"
    assert gateways(run, "off", "memory-sms", input="y\n").exit_code == 0
    assert lines(run)[0].split("\t")[3] == "off"
    assert gateways(run, "on", "memory-sms").exit_code == 0
    assert gateways(run, "off", "memory-sms", "--yes").exit_code == 0


def test_a_weight_is_set_and_audited(run, app):
    assert gateways(run, "weight", "memory-sms", "7").exit_code == 0
    assert lines(run)[0].endswith("\t7")
    assert gateways(run, "weight", "memory-sms", "file").exit_code == 0
    assert lines(run)[0].endswith("\t100")
    with app.app_context():
        assert [entry.action for entry in trail.entries().shown] == [Action.GATEWAY_WEIGHT_SET] * 2


@pytest.mark.parametrize("weight", ["1001", "many", "-1"])
def test_an_invalid_weight_is_refused(run, weight):
    assert gateways(run, "weight", "memory-sms", weight).exit_code == 2


@pytest.mark.parametrize("arguments", [("on", "x"), ("off", "x"), ("weight", "x", "1")])
def test_an_unknown_gateway_is_named(run, arguments):
    done = gateways(run, *arguments)
    assert done.exit_code == 1
    assert "no gateway is called x" in done.output
