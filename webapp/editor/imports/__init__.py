"""Bibliographic facts from elsewhere: Crossref by DOI."""
