"""Opens a project: settings, definitions, warehouse. The one door; it opens and hands over."""
