"""Broadcasts, the suppression list, and the page behind the link to unsubscribe."""
