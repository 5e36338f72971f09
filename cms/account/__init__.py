"""One's own e-mail address, phone and second factor."""
