"""Programs that write pages."""
