"""The texts of messages: files, published versions, their checks and languages."""
