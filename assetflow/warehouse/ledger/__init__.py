"""Keeps the ledger: what was made, checked and published, its journal, and how it comes back when it is lost."""
