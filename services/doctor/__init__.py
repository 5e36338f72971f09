"""Check everything the service needs, and report for each part what is wrong and which setting to change."""

from collections.abc import Iterator

from flask import Flask

from services.doctor import (
    alarm_checks,
    collectors,
    database,
    endpoints,
    files,
    hook_checks,
    mailboxes,
    processes,
    reports,
    servers,
    settings,
    test_number_checks,
    versions,
)
from services.doctor.findings import Check, Finding, Level, bounded

__all__ = ["Finding", "Level", "examine"]


def examine(app: Flask) -> Iterator[Finding]:
    """Run all checks one after the other, each for a few seconds at most.

    They send nothing, and undo what they write.
    """
    for name, check in _checks(app):
        yield from bounded(app, name, check)


def _checks(app: Flask) -> list[tuple[str, Check]]:
    with app.app_context():
        gateways = servers.gateway_checks()
    return [
        ("sendcode", versions.check_sendcode),
        ("python", versions.check_python),
        ("packages", versions.check_packages),
        ("settings", settings.check_settings),
        ("files", files.check_files),
        ("database", database.check_database),
        ("broker", servers.check_broker),
        ("limits", servers.check_limits_store),
        *gateways,
        ("bounces", mailboxes.check_bounces),
        ("reports", reports.check_reports),
        ("webhooks", endpoints.check_webhooks),
        ("telemetry", collectors.check_collector),
        ("worker", processes.check_worker),
        ("beat", processes.check_beat),
        ("delivery", alarm_checks.check_delivery),
        ("hooks", hook_checks.check_hooks),
        ("test numbers", test_number_checks.check_test_numbers),
        ("clock", processes.check_clock),
    ]
