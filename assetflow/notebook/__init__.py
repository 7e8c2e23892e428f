"""The face for notebooks: `assetflow.open()` gives a Warehouse; tables, plans and runs are shown readably."""
