"""A question whose every choice explains itself."""
