"""What machines and other programs take from the site: citations, feeds, structured data, the library as files, the site as a copy."""
