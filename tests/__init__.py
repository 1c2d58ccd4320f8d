"""The tests, a package of this name whatever else is installed."""
