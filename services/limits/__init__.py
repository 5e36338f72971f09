"""What may be sent and how often: destinations, addresses, prefixes, API keys, the day's budget, the pumping guard."""
