"""Makes an asset from what changed: rows of a query, rows given to a function, or one file after the other."""
