"""A model that learns from a stream and does not forget, inside a program of your own.

>>> import retaind
>>> model = retaind.load({"decoder": {"label": "state"}})
>>> events = [{"load": number % 7, "state": "high" if number % 7 > 3 else "low"} for number in range(140)]
>>> _ = model.learn(events)
>>> model.predict([{"load": 6}, {"load": 0}])[0].value
'high'
"""

from daemon.config.errors import ConfigError
from daemon.state.state_error import StateError
from retaind.answers import Learned, Prediction, Rejected
from retaind.loading import load
from retaind.model import Model

__all__ = ["ConfigError", "Learned", "Model", "Prediction", "Rejected", "StateError", "load"]
