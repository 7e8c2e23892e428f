"""Keeps what workers made and publishes it; only the coordinator does."""
