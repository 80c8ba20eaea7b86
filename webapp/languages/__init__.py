"""The languages that the site is read in: a folder of data for each, and which of them is in use."""
