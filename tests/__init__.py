"""The tests. This file makes them a package, so that no installed package is imported instead."""
