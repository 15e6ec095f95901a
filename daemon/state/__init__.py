"""What must survive: everything learned and gathered, in checkpoints that are whole or absent."""
