"""The learning: learner, models, buffer, and one file per method against forgetting.

A new strategy, model or optimizer is one file here and one line in its table below.
"""
