"""The newsletter: sign-up with double opt-in, preferences, unsubscribe, and issues."""
