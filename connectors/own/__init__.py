"""Classes of a user's own: whether what a configuration names is the kind of thing that is asked for."""
