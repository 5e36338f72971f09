"""Contract tests of the presets: a stub speaks each company's dialect."""
