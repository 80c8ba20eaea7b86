"""What a text is: its fields, the checks on it, plain language, reading grade, word-by-word differences."""
