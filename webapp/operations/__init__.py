"""Running the site: backup and restore, integrity checks, readiness and metrics for monitoring."""
