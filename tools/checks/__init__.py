"""Programs that check messages, drawings, memory, tests and trained numbers."""
