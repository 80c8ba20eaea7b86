"""Facts of a paper, found by rules in its own text, each with the sentence it comes from."""
