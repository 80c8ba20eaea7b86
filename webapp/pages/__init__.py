"""Pages about the site itself, how it looks for one reader, and whether it is alive."""
