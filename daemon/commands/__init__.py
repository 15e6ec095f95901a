"""The commands of ``retaind``, one file each."""
