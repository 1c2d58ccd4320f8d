"""Programs that check messages, drawings, memory, tests, waits and trained numbers."""
