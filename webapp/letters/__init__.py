"""The text of each mail, and mail about corrections."""
