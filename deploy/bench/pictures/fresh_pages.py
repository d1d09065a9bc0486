"""Tables and pages of text of the measuring set."""

from __future__ import annotations

import html

from .fresh_bars import MODELS, RIVERS, TREES, one, some
from .registry import picture
from .with_pages import shoot, table

SENTENCES = [
    "The ferry leaves the northern pier at 6.40 and returns before noon.",
    "Of the 73 lamps along the quay, eleven were replaced in the first week of May.",
    "Visitors are asked to keep to the marked path, as the slope below it is loose.",
    "A second survey found the well to be 4.2 metres deeper than the map had said.",
    "Nobody remembered who had planted the row of pears behind the old school.",
    "The committee meets on the second Tuesday of each month in room 118.",
    "Please return the borrowed keys to the porter's lodge before ten in the evening.",
    "Prices include delivery within the city; beyond it we charge 85 cents a kilometre.",
    "By the end of the season the glacier had drawn back another nineteen metres.",
    "Two of the three pumps may be out of order without any loss of pressure.",
]


@picture("fresh-table-stock", "table", "html", "all rules")
def _(path, rng):
    cells = [["Code", "Item", "Stock", "Price"]]
    for word in some(rng, TREES, 7):
        code = f"{word[:2].upper()}-{int(rng.integers(1000, 9999))}"
        cells.append([code, word, f"{int(rng.integers(0, 980))}", f"{float(rng.uniform(2, 990)):.2f}"])
    return table(path, cells, one(rng, ("all", "rows")), 620, 390, one(rng, ("15px Lato", "16px 'Liberation Sans'")))


@picture("fresh-table-league", "table", "html", "zebra")
def _(path, rng):
    cells = [["Place", "Team", "Won", "Lost", "Points"]]
    for place, word in enumerate(some(rng, MODELS, 8), start=1):
        won, lost = (int(v) for v in rng.integers(0, 20, 2))
        cells.append([f"{place}", f"{word} FC", f"{won}", f"{lost}", f"{3 * won + int(rng.integers(0, 9))}"])
    return table(path, cells, "zebra", 600, 420, "16px 'Liberation Sans'", "League table")


@picture("fresh-table-science", "table", "html", "booktabs, plus and minus", "paper")
def _(path, rng):
    cells = [["River", "Length (km)", "Flow (m³/s)", "pH"]]
    for word in some(rng, RIVERS, 6):
        flow = f"{float(rng.uniform(20, 990)):.0f} ± {float(rng.uniform(2, 40)):.0f}"
        cells.append([word, f"{float(rng.uniform(200, 2900)):.1f}", flow, f"{float(rng.uniform(6, 8.4)):.2f}"])
    return table(path, cells, "booktabs", 560, 310, "17px 'Liberation Serif'", scale=1.4)


@picture("fresh-table-dark", "table", "html", "dark", "dark")
def _(path, rng):
    cells = [["Host", "CPU", "Memory", "Since"]]
    for index in range(6):
        since = f"2024-{int(rng.integers(1, 12)):02d}-{int(rng.integers(1, 28)):02d}"
        memory = f"{float(rng.uniform(1, 60)):.1f} GB"
        cells.append([f"node-{index + 1:02d}", f"{float(rng.uniform(1, 99)):.1f}%", memory, since])
    return table(path, cells, "dark", 560, 350, "15px 'DejaVu Sans Mono'")


@picture("fresh-table-plain", "table", "html", "no rules, negative numbers")
def _(path, rng):
    cells = [["Account", "January", "February", "March"]]
    for word in ("Rent", "Wages", "Sales", "Interest", "Taxes", "Repairs"):
        cells.append([word, *[f"{float(v):,.2f}" for v in rng.uniform(-9000, 9000, 3)]])
    return table(path, cells, "none", 560, 330, "16px 'Liberation Sans'")


@picture("fresh-text-notice", "text", "html", "a notice")
def _(path, rng):
    said = some(rng, SENTENCES, 6)
    body = f"<h2>Notice</h2><p>{html.escape(' '.join(said[:3]))}</p><p>{html.escape(' '.join(said[3:]))}</p>"
    style = "body{margin:40px;font:19px/1.5 'Liberation Serif',serif;background:#fff;width:600px}"
    shoot(path, body, style, 690, 420)
    return {"text": "Notice " + " ".join(said), "title": "Notice"}


@picture("fresh-text-list", "text", "html", "a numbered list")
def _(path, rng):
    said = [f"({n}) {sentence}" for n, sentence in enumerate(some(rng, SENTENCES, 6), start=1)]
    body = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in said)
    shoot(path, body, "body{margin:32px;font:17px/1.4 'Lato',sans-serif;background:#fdfbf4;width:640px}", 710, 430)
    return {"text": " ".join(said), "title": ""}
