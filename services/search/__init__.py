"""One search over everything that the console shows: by id, reference, destination or name."""
