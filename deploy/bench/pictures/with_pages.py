"""Tables and pages of text as screenshots of a browser show them, with numbers formatted in the ways of the world."""

from __future__ import annotations

import html
import tempfile
from pathlib import Path

from .browser import photograph
from .prose import PARAGRAPHS
from .registry import numbers, picture

RULES = {
    "all": "td,th{border:1px solid #888}",
    "rows": "tr{border-bottom:1px solid #ddd}thead tr{border-bottom:2px solid #555}",
    "booktabs": "thead tr{border-top:2px solid #000;border-bottom:1px solid #000}tbody tr:last-child{border-bottom:2px solid #000}",
    "none": "",
    "zebra": "tbody tr:nth-child(odd){background:#f2f5f9}thead{background:#2f4b6e;color:#fff}",
    "dark": "body{background:#1e1e1e;color:#ddd}td,th{border-bottom:1px solid #444}",
}


def shoot(path, body, css, width, height, scale=1.0):
    """Writes a page to a picture of this window."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(f"<!doctype html><meta charset=utf-8><style>{css}</style>{body}", encoding="utf-8")
        photograph(page, path, width, height, scale)


def table(
    path, cells, rules, width, height, font="15px 'Liberation Sans'", title="", scale=1.0, css="", numbers_right=True
):
    """A table of text, its first row as the head; the picture shows exactly `cells`."""

    def row(tag, texts):
        return "<tr>" + "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts) + "</tr>"

    right = "td:not(:first-child),th:not(:first-child){text-align:right}" if numbers_right else ""
    style = (
        f"body{{margin:24px;font:{font},sans-serif;background:#fff}}table{{border-collapse:collapse}}"
        f"td,th{{padding:6px 14px;text-align:left;white-space:nowrap}}{right}{RULES[rules]}{css}"
    )
    head = f"<h3>{html.escape(title)}</h3>" if title else ""
    body = "".join(row("td", texts) for texts in cells[1:])
    markup = f"{head}<table><thead>{row('th', cells[0])}</thead><tbody>{body}</tbody></table>"
    shoot(path, markup, style, width, height, scale)
    return {"cells": cells, "title": title}


@picture("html-table-ruled", "table", "html", "all rules", "thousands with commas")
def _(path, rng):
    names = ["Laptop", "Monitor", "Keyboard", "Mouse", "Docking station", "Headset"]
    rows = [
        [n, f"{int(q)}", f"{p:,.2f}", f"{q * p:,.2f}"]
        for n, q, p in zip(names, numbers(rng, 6, 2, 60, 0), numbers(rng, 6, 9, 1900, 2))
    ]
    return table(path, [["Item", "Quantity", "Unit price", "Amount"], *rows], "all", 560, 330)


@picture("html-table-rows", "table", "html", "rules between rows", "german numbers")
def _(path, rng):
    def german(value):
        return f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")

    rows = [
        [land, german(a), german(b), f"{c:.1f} %".replace(".", ",")]
        for land, a, b, c in zip(
            ["Bayern", "Hessen", "Sachsen", "Thüringen", "Saarland"],
            numbers(rng, 5, 900, 90000, 2),
            numbers(rng, 5, 90, 9000, 2),
            numbers(rng, 5, -8, 14, 1),
        )
    ]
    cells = [["Land", "Umsatz (T€)", "Gewinn (T€)", "Veränderung"], *rows]
    return table(path, cells, "rows", 620, 340, "16px 'Lato'", "Ergebnis nach Ländern")


@picture("html-table-booktabs", "table", "html", "booktabs, serif", "paper")
def _(path, rng):
    methods = ["Baseline", "+ augmentation", "+ pretraining", "+ distillation", "Full model"]
    rows = [
        [m, f"{a:.1f} ± {s:.1f}", f"{b:.3f}", f"{c:.1f}"]
        for m, a, s, b, c in zip(
            methods,
            numbers(rng, 5, 61, 93, 1),
            numbers(rng, 5, 0.1, 1.4, 1),
            numbers(rng, 5, 0.5, 0.99, 3),
            numbers(rng, 5, 3, 88, 1),
        )
    ]
    cells = [["Method", "Accuracy", "F1", "Params (M)"], *rows]
    return table(path, cells, "booktabs", 560, 270, "16px 'Liberation Serif'", scale=1.5)


@picture("html-table-bare", "table", "html", "no rules")
def _(path, rng):
    cities = ["Oslo", "Bergen", "Trondheim", "Stavanger", "Tromsø", "Bodø", "Drammen"]
    rows = [
        [c, f"{a:.1f}", f"{b:.1f}", f"{int(r)}"]
        for c, a, b, r in zip(
            cities, numbers(rng, 7, -9, 2, 1), numbers(rng, 7, 11, 22, 1), numbers(rng, 7, 500, 2300, 0)
        )
    ]
    return table(path, [["City", "January", "July", "Rain (mm)"], *rows], "none", 480, 340)


@picture("html-table-zebra", "table", "html", "zebra, white on blue head", "dates")
def _(path, rng):
    people = ["A. Novak", "B. Okafor", "C. Lindqvist", "D. Moreau", "E. Tanaka", "F. Silva", "G. Haddad", "H. Kowalski"]
    rows = [
        [f"INV-{1040 + i}", person, f"2024-{int(m):02}-{int(d):02}", f"${v:,.2f}", state]
        for i, (person, m, d, v, state) in enumerate(
            zip(
                people,
                numbers(rng, 8, 1, 12, 0),
                numbers(rng, 8, 1, 28, 0),
                numbers(rng, 8, 40, 8800, 2),
                rng.choice(["paid", "open", "overdue"], 8),
            )
        )
    ]
    cells = [["Invoice", "Customer", "Date", "Amount", "Status"], *[list(map(str, row)) for row in rows]]
    return table(path, cells, "zebra", 660, 400, "14px 'DejaVu Sans'")


@picture("html-table-dark", "table", "html", "dark theme, monospaced", "dark", "code names")
def _(path, rng):
    names = ["nginx", "postgres", "redis", "worker-1", "worker-2", "cron"]
    rows = [
        [n, f"{c:.1f}%", f"{int(m)} MiB", f"{int(r)}", f"{int(d)}d {int(h)}h"]
        for n, c, m, r, d, h in zip(
            names,
            numbers(rng, 6, 0.1, 87, 1),
            numbers(rng, 6, 12, 980, 0),
            numbers(rng, 6, 0, 9, 0),
            numbers(rng, 6, 0, 40, 0),
            numbers(rng, 6, 0, 23, 0),
        )
    ]
    cells = [["CONTAINER", "CPU", "MEMORY", "RESTARTS", "UPTIME"], *rows]
    return table(path, cells, "dark", 640, 320, "14px 'Liberation Mono'", numbers_right=False)


@picture("html-table-empty-cells", "table", "html", "all rules, gaps", "empty cells")
def _(path, rng):
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    rows = [
        [d, *["" if g < 0.3 else f"{v:.1f}" for g, v in zip(rng.uniform(0, 1, 4), rng.uniform(36, 40, 4))]]
        for d in days
    ]
    return table(path, [["Day", "06:00", "12:00", "18:00", "24:00"], *rows], "all", 520, 300, title="Temperature chart")


@picture("html-table-accounts", "table", "html", "booktabs, accounts", "negatives in brackets")
def _(path, rng):
    lines_of = [
        "Revenue",
        "Cost of sales",
        "Gross profit",
        "Administration",
        "Research",
        "Operating income",
        "Taxes",
        "Net income",
    ]

    def money(value):
        return f"({abs(value):,.0f})" if value < 0 else f"{value:,.0f}"

    rows = [[n, *[money(v) for v in numbers(rng, 3, -9000, 24000, 0)]] for n in lines_of]
    css = "tbody tr:nth-child(3),tbody tr:last-child{font-weight:bold}"
    cells = [["USD thousand", "2023", "2022", "2021"], *rows]
    return table(path, cells, "booktabs", 540, 380, "15px 'Carlito'", "Income statement", css=css)


@picture("html-table-wide", "table", "html", "rules between rows, dense", "many columns", "small text")
def _(path, rng):
    teams = [
        "Arsenal",
        "Chelsea",
        "Everton",
        "Fulham",
        "Leeds",
        "Liverpool",
        "Man City",
        "Newcastle",
        "Spurs",
        "Wolves",
        "Brighton",
        "Burnley",
    ]
    rows = []
    for place, team in enumerate(teams, 1):
        won, drawn, lost, goals, against = (int(v) for v in rng.integers(0, 20, 5) + [3, 0, 0, 20, 18])
        rows.append(
            [
                str(place),
                team,
                *map(str, (won + drawn + lost, won, drawn, lost, goals, against)),
                f"{goals - against:+d}",
                str(3 * won + drawn),
            ]
        )
    cells = [["#", "Team", "MP", "W", "D", "L", "GF", "GA", "GD", "Pts"], *rows]
    css = "td,th{padding:3px 9px}td:nth-child(2),th:nth-child(2){text-align:left}"
    return table(path, cells, "rows", 520, 360, "12px 'Liberation Sans'", css=css)


@picture("html-table-units", "table", "html", "rules between rows, large", "mixed units", "long text")
def _(path, rng):
    rows = [
        ["Operating voltage", f"{numbers(rng, 1, 2, 5, 1)[0]} V", "measured at 25 °C"],
        ["Current draw, idle", f"{int(numbers(rng, 1, 2, 90, 0)[0])} µA", "radio off"],
        ["Current draw, peak", f"{int(numbers(rng, 1, 90, 400, 0)[0])} mA", "during transmission"],
        ["Clock", f"{int(numbers(rng, 1, 16, 240, 0)[0])} MHz", "external crystal"],
        ["Weight", f"{numbers(rng, 1, 2, 30, 2)[0]} g", "without battery"],
        ["Price", f"€{numbers(rng, 1, 2, 30, 2)[0]:.2f}", "for 1,000 pieces"],
    ]
    css = "td,th{text-align:left!important}"
    return table(path, [["Property", "Value", "Remark"], *rows], "rows", 660, 380, "18px 'DejaVu Serif'", css=css)


PAGE = (
    "body{{margin:{m}px;font:{f};line-height:1.45;color:#111;background:{b}}}h2{{margin:0 0 14px}}p{{margin:0 0 14px}}"
)


def prose(path, heading, paragraphs, width, height, font, margin=40, background="#fff", scale=1.0, more=""):
    """A page of running text. Lines are broken by the browser: the truth is the text of each paragraph, without breaks."""
    body = f"<h2>{html.escape(heading)}</h2>" if heading else ""
    body += "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
    shoot(path, body, PAGE.format(m=margin, f=font, b=background) + more, width, height, scale)
    return {"title": heading, "text": "\n".join(([heading] if heading else []) + list(paragraphs))}


@picture("html-text-letter", "text", "html", "serif, letter")
def _(path, rng):
    return prose(path, "", PARAGRAPHS["letter"], 720, 560, "17px 'Liberation Serif'", 56)


@picture("html-text-article", "text", "html", "sans, article with heading")
def _(path, rng):
    return prose(path, "Why bridges hum", PARAGRAPHS["article"], 800, 620, "16px 'Lato'")


@picture("html-text-german", "text", "html", "yellowed paper, german")
def _(path, rng):
    return prose(path, "Hausordnung", PARAGRAPHS["german"], 680, 560, "18px 'Liberation Serif'", 48, "#f6efd9", 1.5)


@picture("html-text-terminal", "text", "html", "monospaced, dark", "dark")
def _(path, rng):
    more = "body{color:#cfd8dc}p{margin:0;white-space:pre-wrap}"
    return prose(path, "", PARAGRAPHS["terminal"], 760, 320, "15px 'Liberation Mono'", 20, "#10161a", 1.0, more)
