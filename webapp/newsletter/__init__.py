"""The newsletter: sign-up with double opt-in, unsubscribe, and the outbox that mail goes through."""
