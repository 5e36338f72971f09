"""Delivery reports of any provider: how they are proven and what they say."""
