"""What a maintainer looks at: words, waits, races, memory, other seeds, versions."""
