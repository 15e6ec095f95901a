"""What changes which parameters a model has, or which of them learn: applied before the flat vector is made.

A new adapter is one file here, one of the same name among the options, and one line in the table below.
"""

from strategies.offered import Offered
from strategies.options.adapters.freeze import FreezeOptions
from strategies.options.adapters.heads import HeadsOptions
from strategies.options.adapters.lora import LoraOptions
from strategies.options.adapters.progressive import ProgressiveOptions

ADAPTERS = {
    "lora": Offered(LoraOptions, "strategies.adapters.lora:Lora"),
    "freeze": Offered(FreezeOptions, "strategies.adapters.freeze:Freeze"),
    "heads": Offered(HeadsOptions, "strategies.adapters.heads:Heads"),
    "progressive": Offered(ProgressiveOptions, "strategies.adapters.progressive:Progressive"),
}
