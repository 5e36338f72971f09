"""The service's own processes, started as an operator starts them, for live tests and measurements."""
