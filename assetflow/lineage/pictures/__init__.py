"""Draws graphs and the lineage of columns: as trees, Mermaid, DOT, SVG and as a page."""
