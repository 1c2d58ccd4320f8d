"""What makes what ships."""
