"""What a maintainer looks at: words, waits, memory, other seeds, versions."""
