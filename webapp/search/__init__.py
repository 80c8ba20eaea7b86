"""Search: query understanding, and one index (Whoosh's files, NumPy arrays) that follows the database."""
