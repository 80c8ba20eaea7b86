"""The public articles: what they say, how they are queried, and their pages."""
