"""Programs that check messages, drawings, waiting times, memory, tests and trained numbers."""
