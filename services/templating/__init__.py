"""The texts of messages: files, published versions, and what a text may hold."""
