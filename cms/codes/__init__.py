"""How codes are brought to people: the fallback of each purpose."""
