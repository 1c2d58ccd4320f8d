"""What several widgets use: what each is, in Python (base) and in the page (frame), and parts."""
