"""A widget in which readers see, change and break the degrees and masks of a MADE."""
