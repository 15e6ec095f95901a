"""The one loop: poll, learn, publish, save."""
