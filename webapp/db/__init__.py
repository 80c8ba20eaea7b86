"""The database: engine settings, the session, the writer's turn, the log of public changes, column types."""
