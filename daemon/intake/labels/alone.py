"""What a label is called where there is one, and not several targets."""

ALONE = ""
"""The name of what is predicted where that is one label, and not several targets."""
