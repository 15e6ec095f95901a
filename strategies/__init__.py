"""The learning: learner, models, buffer, and one file per method against forgetting.

A new strategy, model or optimizer is one file here, one of the same name in ``options``, and one line in its table.
"""

from strategies.models import MODELS
from strategies.offered import Offered
from strategies.optimizers import OPTIMIZERS
from strategies.options.agem import AgemOptions
from strategies.options.closed_form import ClosedFormOptions
from strategies.options.cls_er import ClsErOptions
from strategies.options.der import DerOptions, DerPlusPlusOptions
from strategies.options.ewc import EwcOptions
from strategies.options.l2sp import L2SpOptions
from strategies.options.lwf import LwfOptions
from strategies.options.mas import MasOptions
from strategies.options.mixing import MixingOptions
from strategies.options.replay import ReplayOptions
from strategies.options.si import SiOptions

STRATEGIES = {
    "replay": Offered(ReplayOptions, "strategies.replay:Replay"),
    "der": Offered(DerOptions, "strategies.der:Der"),
    "derpp": Offered(DerPlusPlusOptions, "strategies.der:DerPlusPlus"),
    "cls_er": Offered(ClsErOptions, "strategies.cls_er:ClsEr"),
    "mixing": Offered(MixingOptions, "strategies.mixing:Mixing"),
    "ewc": Offered(EwcOptions, "strategies.ewc:Ewc"),
    "si": Offered(SiOptions, "strategies.si:Si"),
    "mas": Offered(MasOptions, "strategies.mas:Mas"),
    "l2sp": Offered(L2SpOptions, "strategies.l2sp:L2Sp"),
    "lwf": Offered(LwfOptions, "strategies.lwf:Lwf"),
    "agem": Offered(AgemOptions, "strategies.agem:Agem"),
}

CLOSED_FORMS = {"closed_form": Offered(ClosedFormOptions, "strategies.closed_form:ClosedFormLearner")}
"""What ``model`` can name that is a learner of its own, without a network."""

__all__ = ["CLOSED_FORMS", "MODELS", "OPTIMIZERS", "STRATEGIES"]
