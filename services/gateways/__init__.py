"""Routing to gateways, their health and switches, and the delivery receipts of carriers."""
