"""Running the site: backup and restore, a check of everything that must hold, readiness and figures for a monitor."""
