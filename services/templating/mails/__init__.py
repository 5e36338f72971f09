"""Mails written in Markdown: their HTML, their plain text, and the page around them."""
