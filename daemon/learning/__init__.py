"""The learners: each predicts what comes, is scored, and learns it."""
