"""A look at the data: what fields a stream has, and whether a configuration fits them."""
