"""A first configuration for data that nobody has described: `retaind init --from`."""
