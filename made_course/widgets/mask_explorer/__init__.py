"""A MADE's units, degrees and masks to look at, to change and to break."""
