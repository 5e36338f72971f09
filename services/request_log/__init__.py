"""The requests of programs, by API key: collected in memory, written in blocks, read by the console."""
