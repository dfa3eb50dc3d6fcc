"""How numbers are written where a person reads them."""

from __future__ import annotations

import math


def percent(share: float) -> str:
    """A share of 1 as "31 %": more figures where it is small, and never a plain 0 or 100 that is not one."""
    if not math.isfinite(share) or share < 0.0001:
        return "0 %" if share == 0 else "under 0.01 %"
    if 0.995 <= share < 1:
        return "over 99 %"
    places = 0 if share >= 0.0295 else 1 if share >= 0.00995 else 2
    return f"{100 * share:.{places}f} %"
