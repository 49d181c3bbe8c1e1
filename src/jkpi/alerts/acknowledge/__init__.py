"""The server that answers acknowledge links."""
