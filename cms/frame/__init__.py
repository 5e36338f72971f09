"""What every page has: navigation, headers, language, times and numbers in the reader's way, charts."""
