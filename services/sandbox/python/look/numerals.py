"""Turning printed numbers into values."""

from __future__ import annotations

import math
import re
from functools import lru_cache

_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "，": ",", "．": ".",
                        "％": "%", "＋": "+", "：": ":", "（": "(", "）": ")", "＄": "$", "￥": "¥"})
_SUFFIX = {"": 1.0, "k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "mn": 1e6, "Mio": 1e6, "B": 1e9,
           "bn": 1e9, "G": 1e9, "T": 1e12, "%": 1.0, "‰": 1.0, "°": 1.0, "x": 1.0}
_CURRENCY = "$€£¥₹"
_NUMBER = re.compile(
    r"^(?P<sign>[+-]?)(?P<digits>\d[\d.,' ]*|\.\d+)(?:[eE](?P<exp>[+-]?\d+))?\s?"
    r"(?P<suffix>k|K|mn|Mio|m|M|bn|B|G|T|%|‰|°|x)?$"
)
_POWER = re.compile(r"^(?P<sign>[+-]?)(?:(?P<factor>\d+(?:\.\d+)?)\s*[x×·*]\s*)?10\^(?P<exp>[+-]?\d+)$")
_LOOKALIKES = str.maketrans({"O": "0", "o": "0", "D": "0", "Q": "0", "I": "1", "l": "1", "|": "1",
                             "i": "1", "Z": "2", "z": "2", "S": "5", "s": "5", "B": "8",
                             "°": "0", "º": "0", "〇": "0", "○": "0"})
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def clean(text: str) -> str:
    """Printed text with typographic signs replaced by plain ones, blanks trimmed."""
    return text.strip().translate(_SIGNS)


@lru_cache(maxsize=4096)
def parse(text: str, decimal_comma: bool = False) -> float | None:
    """The value of a printed number, or None when it is not one.

    ``decimal_comma`` reads ``1.234,5`` instead of ``1,234.5``. Percent keeps its
    printed value (``20%`` is 20). A bracketed number is negative.
    """
    text = clean(text)
    raised = re.match(r"^(.*?10)([-⁻⁰¹²³⁴⁵⁶⁷⁸⁹\d]+)$", text)
    if raised and re.search(r"[-⁻⁰¹²³⁴⁵⁶⁷⁸⁹]|[⁰¹²³⁴⁵⁶⁷⁸⁹]", raised[2]):
        text = f"{raised[1]}^{raised[2].translate(_SUPERSCRIPTS)}"
    text = text.replace(" ", "") if re.fullmatch(r"[-+\d., ]*", text) else text
    power = _POWER.match(text)
    if power:
        exponent = int(power["exp"])
        if abs(exponent) > 300:
            return None
        value = float(power["factor"] or 1) * 10.0**exponent
        return -value if power["sign"] == "-" else value
    negative = False
    if text.startswith("(") and text.endswith(")") and len(text) > 2:
        negative, text = True, text[1:-1]
    for mark in _CURRENCY:
        text = text.replace(mark, "")
    match = _NUMBER.match(text.strip())
    if not match:
        return None
    digits = _plain_digits(match["digits"].strip(), decimal_comma)
    if digits is None:
        return None
    exponent = int(match["exp"] or 0)
    if abs(exponent) > 300:
        return None
    value = float(digits) * 10.0**exponent * _SUFFIX[match["suffix"] or ""]
    if not math.isfinite(value):
        return None
    return -value if negative or match["sign"] == "-" else value


def _plain_digits(digits: str, decimal_comma: bool) -> str | None:
    """Digits with grouping removed and a dot as the decimal sign."""
    group, point = (".", ",") if decimal_comma else (",", ".")
    digits = digits.replace("'", "").replace(" ", "")
    if digits.count(point) > 1:
        return None
    whole, _, rest = digits.partition(point)
    parts = whole.split(group)
    if len(parts) > 1:
        grouped = all(len(p) == 3 for p in parts[1:]) and 1 <= len(parts[0]) <= 3
        if not grouped:
            # "1,5" under the dot convention is most likely a decimal comma.
            if len(parts) == 2 and not rest and len(parts[1]) in (1, 2):
                return f"{parts[0] or '0'}.{parts[1]}"
            return None
    if group in rest:
        return None
    return "".join(parts) + ("." + rest if rest else "")


def parse_lenient(text: str, decimal_comma: bool = False) -> float | None:
    """Like :func:`parse`, but letters that look like digits count as digits."""
    value = parse(text, decimal_comma)
    if value is not None:
        return value
    plain = clean(text)
    if not re.search(r"\d", plain) and len(plain) > 2:
        return None
    return parse(plain.translate(_LOOKALIKES).strip("-_.,'`~") if not plain.startswith("-")
                 else "-" + plain.translate(_LOOKALIKES).strip("-_.,'`~"), decimal_comma)


def looks_numeric(text: str) -> bool:
    """True for anything a reader would call a number, with or without a unit mark."""
    return parse(text) is not None or parse(text, True) is not None
