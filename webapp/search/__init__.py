"""Search: what was asked, what is found, and how the index follows the database."""
