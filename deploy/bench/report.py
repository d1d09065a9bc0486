"""Sums of the scores by group, and the table of them. Pure: no I/O."""

from __future__ import annotations

import statistics

from scoring.measure import percentile

# Values this near count as right, in per cent of the axis.
RIGHT = 2.0
# What is aimed at: name, how it is read from the groups, limit, and whether more is better.
AIMS = (
    ("execution rate", ("all", "executed"), 98.0, True),
    ("kind accuracy", ("all", "kind"), 90.0, True),
    ("cells of clean tables", ("clean table", "cells"), 97.0, True),
    ("median error of clean bars", ("clean bar", "median"), 1.5, False),
    ("median error of clean lines", ("clean line", "median"), 1.5, False),
    ("shown as sure, off by more than 5 %", ("all", "shown_off"), 0.0, False),
)


def percent(part: float, whole: float) -> float | None:
    """A share in per cent; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def group(results: list[dict]) -> dict:
    """The sums of some pictures. What no picture of the group has is None."""

    def total(name):
        return sum(result.get(name) or 0 for result in results)

    errors = [e for result in results for e in result.get("errors", [])]
    counts = [r["count_error"] for r in results if r.get("count_error") is not None]
    counted = [r for r in results if "count" in r]
    seconds = [r["seconds"] for r in results if r.get("seconds") is not None]
    return {
        "pictures": len(results),
        "executed": percent(sum(r["executed"] for r in results), len(results)),
        "delivered": percent(sum(r.get("delivered", False) for r in results), len(results)),
        "kind": percent(sum(r["kind_right"] for r in results), len(results)),
        "values": total("expected"),
        "right": percent(sum(e <= RIGHT for e in errors), total("expected")),
        "anywhere": percent(
            sum(r["anywhere"] for r in results if "anywhere" in r),
            sum(r["expected"] for r in results if "anywhere" in r),
        ),
        "median": round(statistics.median(errors), 2) if errors else None,
        "p90": round(percentile(errors, 0.9), 2) if errors else None,
        "missing": percent(total("missing"), total("expected")),
        "invented": percent(total("invented"), total("expected")),
        "shown_off": percent(total("shown_off"), total("shown")),
        "shown_off_silent": percent(total("shown_off_silent"), total("shown")),
        "delivered_off": percent(total("delivered_off"), total("delivered_values")),
        "right_sure": percent(total("shown") - total("shown_off"), total("delivered_values") - total("delivered_off")),
        "cells": percent(total("cells_right"), total("cells")),
        "cells_shown_wrong": percent(total("cells_shown_wrong"), total("cells_shown")),
        "point_recall": percent(total("points_found"), total("points")),
        "point_precision": percent(total("points_found"), total("points_read")),
        "points_in_series": percent(total("points_in_series"), total("points_found")),
        "count_error": round(statistics.median(counts), 1) if counts else None,
        "counted": percent(len(counts), len(counted)),
        "letters": percent(total("letters") - total("letters_wrong"), total("letters")),
        "tokens": round(total("tokens") / len(results)) if results else None,
        "p50_seconds": percentile(seconds, 0.5),
        "p95_seconds": percentile(seconds, 0.95),
    }


def summarise(results: list[dict]) -> dict:
    """Groups by damage, kind and library, and the aims against them."""
    groups = {"all": results}
    for name, is_damaged in (("clean", False), ("damaged", True)):
        half = [r for r in results if bool(r["tags"]["damage"]) == is_damaged]
        groups[name] = half
        for kind in dict.fromkeys(r["kind"] for r in results):
            groups[f"{name} {kind}"] = [r for r in half if r["kind"] == kind]
    for library in dict.fromkeys(r["tags"]["library"] for r in results):
        for name, is_damaged in (("clean", False), ("damaged", True)):
            groups[f"{name} by {library}"] = [
                r for r in results if r["tags"]["library"] == library and bool(r["tags"]["damage"]) == is_damaged
            ]
    for damage in sorted({r["tags"]["damage"] for r in results} - {None}):
        groups[f"damage {damage}"] = [r for r in results if r["tags"]["damage"] == damage]
    sums = {name: group(members) for name, members in groups.items() if members}
    aims = []
    for name, (where, what), limit, more in AIMS:
        value = sums.get(where, {}).get(what)
        reached = value is not None and (value >= limit if more else value <= limit)
        aims.append({"aim": name, "limit": limit, "more_is_better": more, "measured": value, "reached": reached})
    return {"aims": aims, "groups": sums}


def cell(value, unit: str = "") -> str:
    """A figure in a table; a dash where there is none."""
    return "–" if value is None else f"{value:g}{unit}"


def rows_of(groups: dict, names: list[str], columns: list[tuple[str, str, str]]) -> list[str]:
    """A Markdown table: a row for each group, a column for each (title, figure, unit) that some group has."""
    kept = [c for c in columns if any(groups[n][c[1]] is not None for n in names)]
    head = ["", *[title for title, _figure, _unit in kept]]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name in names:
        cells = [name, *[cell(groups[name][figure], unit) for _title, figure, unit in kept]]
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, ""]


EVERY = [
    ("pictures", "pictures", ""),
    ("executed", "executed", " %"),
    ("some data", "delivered", " %"),
    ("kind right", "kind", " %"),
]
CHARTS = [
    *EVERY,
    ("values", "values", ""),
    ("within 2 %", "right", " %"),
    ("names aside", "anywhere", " %"),
    ("median error", "median", " %"),
    ("p90 error", "p90", " %"),
    ("missing", "missing", " %"),
    ("invented", "invented", " %"),
    ("delivered, off", "delivered_off", " %"),
    ("shown as sure, off", "shown_off", " %"),
    ("right, shown as sure", "right_sure", " %"),
    ("without a word of doubt", "shown_off_silent", " %"),
]
OTHERS = [
    *EVERY,
    ("cells right", "cells", " %"),
    ("cells shown wrong", "cells_shown_wrong", " %"),
    ("points found", "point_recall", " %"),
    ("points right", "point_precision", " %"),
    ("in their series", "points_in_series", " %"),
    ("points shown off", "shown_off", " %"),
    ("counted", "counted", " %"),
    ("median count error", "count_error", " %"),
    ("letters right", "letters", " %"),
]
COST = [("tokens a picture", "tokens", ""), ("p50", "p50_seconds", " s"), ("p95", "p95_seconds", " s")]


def write_table(summary: dict) -> str:
    """The tables as Markdown, as they stand in the documentation."""
    groups = summary["groups"]

    def have(*names):
        return [name for name in names if name in groups]

    halves = ("clean", "damaged")
    charts = have(*[f"{half} {kind}" for kind in ("bar", "line", "histogram", "pie") for half in halves])
    others = have(*[f"{half} {kind}" for kind in ("table", "scatter", "count", "text") for half in halves])
    libraries = [name for name in groups if " by " in name]
    damages = [name for name in groups if name.startswith("damage ")]
    lines = ["| aim | at | measured | reached |", "|---|---|---|---|"]
    for aim in summary["aims"]:
        sign = "≥" if aim["more_is_better"] else "≤"
        lines.append(
            f"| {aim['aim']} | {sign} {aim['limit']:g} % | {cell(aim['measured'], ' %')} | "
            f"{'not measured' if aim['measured'] is None else 'yes' if aim['reached'] else 'no'} |"
        )
    lines += ["", "Everything:", "", *rows_of(groups, have("all", *halves), EVERY + COST)]
    if charts:
        lines += ["Charts with values:", "", *rows_of(groups, charts, CHARTS)]
    if others:
        lines += ["Tables, points, things to count, pages:", "", *rows_of(groups, others, OTHERS)]
    by = [*EVERY, *CHARTS[len(EVERY) + 1 :], OTHERS[len(EVERY)]]
    lines += ["By library:", "", *rows_of(groups, libraries, by)]
    if damages:
        lines += ["By damage:", "", *rows_of(groups, damages, by)]
    return "\n".join(lines)
