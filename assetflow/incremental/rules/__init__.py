"""The rules: each makes what came to a block and what went out of what it reads, or refuses; and what rules share."""
