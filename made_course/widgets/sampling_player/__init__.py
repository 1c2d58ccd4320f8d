"""A widget that draws a sample variable by variable."""
