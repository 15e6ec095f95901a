"""What is not wrong in a configuration, but probably not meant."""
