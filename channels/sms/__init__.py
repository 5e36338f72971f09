"""Gateways for SMS, a file for each company's interface."""
