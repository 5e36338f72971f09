"""The way from a fresh installation to a program that sends codes, with a test to press in place."""

from dataclasses import dataclass

from flask import render_template

from cms.access.guard import console
from cms.access.identity import signed_in
from cms.frame.addresses import own_address
from services import first_steps
from services.first_steps import FirstSteps
from services.test_sends import gateway_tests
from services.test_sends.gateway_tests import TestView


@dataclass(frozen=True, slots=True)
class GetGoing:
    """What the list of steps shows."""

    steps: FirstSteps
    tester: str | None
    """The gateway by which a test reaches the person signed in, e-mail first; None without one."""
    to: str | None
    """Where that test goes."""
    test: TestView | None
    """Its newest test."""
    address: str


def look() -> GetGoing:
    """Return how far this installation has come."""
    tester = gateway_tests.reaching(signed_in())
    to = gateway_tests.own_destination(signed_in(), tester.channel) if tester else None
    test = gateway_tests.newest(tester) if tester else None
    return GetGoing(first_steps.look(), tester.name if tester else None, to, test, own_address())


@console.get("/get-going")
def get_going() -> str:
    """Show the five steps."""
    return render_template("cms/figures/get_going.html", going=look())
