"""Which language a page or a message is in, and the catalogues of the console's texts."""
