"""A sample as it is drawn, variable by variable."""
