"""Finds, compares and reads versions of what is published, and moves environments between them."""
