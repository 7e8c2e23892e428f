"""Looks at files: whether they are what they were, what sources hold now, and what was derived from them before."""
