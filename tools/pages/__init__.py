"""Programs that write pages, run notebooks and count their minutes."""
