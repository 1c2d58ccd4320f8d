"""Programs for maintainers, which check words, waits, races, memory, other seeds, versions."""
