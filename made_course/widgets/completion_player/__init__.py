"""What is hidden of an image, drawn again, several times."""
