"""The learning: learner, models, buffer, and one file per method against forgetting.

A new strategy, model or optimizer is one file here and one line in its table.
"""

from strategies.agem import Agem
from strategies.closed_form import ClosedFormLearner
from strategies.cls_er import ClsEr
from strategies.der import Der, DerPlusPlus
from strategies.ewc import Ewc
from strategies.l2sp import L2Sp
from strategies.lwf import Lwf
from strategies.mas import Mas
from strategies.mixing import Mixing
from strategies.models import MODELS
from strategies.optimizers import OPTIMIZERS
from strategies.replay import Replay
from strategies.si import Si
from strategies.strategy import Strategy

STRATEGIES: dict[str, type[Strategy]] = {
    "replay": Replay,
    "der": Der,
    "derpp": DerPlusPlus,
    "cls_er": ClsEr,
    "mixing": Mixing,
    "ewc": Ewc,
    "si": Si,
    "mas": Mas,
    "l2sp": L2Sp,
    "lwf": Lwf,
    "agem": Agem,
}

CLOSED_FORMS: dict[str, type[ClosedFormLearner]] = {"closed_form": ClosedFormLearner}
"""What ``model`` can name that is a learner of its own, without a network."""

__all__ = ["CLOSED_FORMS", "MODELS", "OPTIMIZERS", "STRATEGIES", "Strategy"]
