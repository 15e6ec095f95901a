"""The daemon's own page at ``/``: what an operator looks at before there is a dashboard."""
