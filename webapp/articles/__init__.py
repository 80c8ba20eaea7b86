"""Pages for readers: home, the newest summaries, one article, its history, the categories, corrections."""
