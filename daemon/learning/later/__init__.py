"""Learning where labels come later: what was said on arrival waits with its row."""
