"""What each output truly depends on, against what the ordering allows."""
