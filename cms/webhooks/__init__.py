"""Webhooks: endpoints that get events, and their deliveries."""
