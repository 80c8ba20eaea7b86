"""Papers: import from files in many formats, look-up at Crossref, retraction notices."""
