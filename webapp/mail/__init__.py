"""Mail for every part of the site: SMTP, the outbox, bounces, and addresses that get no mail."""
