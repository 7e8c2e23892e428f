"""The face for notebooks: `assetflow.open()` gives a Warehouse, its tables, plans and runs, each with a readable display."""
