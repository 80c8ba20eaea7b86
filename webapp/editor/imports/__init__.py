"""Papers from elsewhere: Crossref by DOI, files that databases export, and lists of retractions."""
