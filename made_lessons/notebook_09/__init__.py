"""Notebook 09: a NADE's weights in a MADE, a hundredth of a good model, a window, an own table."""
