"""Prediction with expert advice: several cheap learners on the same events, believed as far as they were right."""
