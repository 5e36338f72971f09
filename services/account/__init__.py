"""What administrators change about themselves: e-mail, phone, language, second factor."""
