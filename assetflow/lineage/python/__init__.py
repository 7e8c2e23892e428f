"""Reads Python: the upstreams of a function, what it does and uses, and the code version that follows from it."""
