"""Labels as the learner takes them: class indices, or numbers."""
