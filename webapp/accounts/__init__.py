"""Who may edit: sign-in, sign-out, and the check in front of every editor page."""
