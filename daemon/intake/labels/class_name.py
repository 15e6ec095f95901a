"""The name of the class that a decoded label means."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

import numpy as np

from connectors.decoders.identities import number_name


def class_name(value: Any) -> str | None:
    """Return the name of the class that a decoded value means, None for what cannot be a class.

    Text is its own name. Numbers are named alike however they are written as a number, so 3 and 3.0 are the class
    that the text "3" names; True is "true". The text "3.0" is left alone and is another class. NaN, an infinity and
    nested values mean no class.

    >>> class_name(3), class_name(3.0), class_name("3"), class_name(True), class_name(2.5)
    ('3', '3', '3', 'true', '2.5')
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, float) and math.isfinite(value):
        return number_name(float(value))
    return None


def alike(name: str) -> str:
    """Return what is the same for names that differ only in spaces or case.

    >>> alike("Open "), alike("two  words")
    ('open', 'twowords')
    """
    return "".join(name.split()).casefold()
