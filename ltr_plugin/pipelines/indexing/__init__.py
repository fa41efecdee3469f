"""Products into an index: catalogs, messages and folders; versions of an index, and the vectors that they lack."""
