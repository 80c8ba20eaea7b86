"""Marks for tests that run on PostgreSQL, alone or besides SQLite."""

import pytest

both_engines = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
postgresql_only = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
