"""Looks over what there is: the warehouse, what was skipped, the checks on what is published."""
