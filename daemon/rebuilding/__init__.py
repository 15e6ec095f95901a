"""What was learned is learned again without some keys, beside the daemon or where it is stopped."""
