"""A widget that hides a part of an image and completes it."""
