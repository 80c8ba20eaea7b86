"""Publishing: revisions with merge, schedules, bulk changes, retraction notices, library import, audit log."""
