"""Use cases for the API, the console, the commands and the worker; the only layer that commits."""
