"""What writes pages."""
