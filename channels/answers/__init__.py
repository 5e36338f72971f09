"""Where the values of an answer or a report are, whatever its format."""
