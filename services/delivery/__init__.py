"""The dispatcher: claim messages that are due, hand them to gateways, record how each try ended."""
