"""The web server behind acknowledge links."""
