"""The learning curve while training runs, and samples beside it."""
