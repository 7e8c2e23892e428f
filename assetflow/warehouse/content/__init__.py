"""Keeps tables as immutable Parquet files, names what they hold by a digest, and compares them."""
