"""Papers apart from texts: identifiers, file formats, outside services, retraction notices."""
