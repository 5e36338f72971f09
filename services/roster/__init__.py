"""Which gateways there are: those of gateways.toml, and those that were added while everything runs."""
