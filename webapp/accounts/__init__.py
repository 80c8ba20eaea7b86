"""Accounts of editors: sign-in, second factor, roles, and who may see which editor page."""
