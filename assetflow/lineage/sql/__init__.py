"""Reads SQL: what one file says, what its query reads and means, in what order it gives its rows."""
