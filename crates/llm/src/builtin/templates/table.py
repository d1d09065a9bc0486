"""Read a table: table.csv as printed, table.xlsx with real numbers, and a chart.

The text of the cells comes from the evidence next to the picture (recognised by
OCR); this script turns it into data.
"""

import csv
import re

import matplotlib.pyplot as plt
import numpy as np
from openpyxl import Workbook
from openpyxl.styles import Font
from part_cells import certainty, load_cells
from part_chart import plain

NUMBER = re.compile(r"[-+(]?\s*[$€£¥]?\s*\d[\d ,.'\u00a0]*\s*[%)]?")


def to_number(text):
    """The number a cell shows, or None; understands 1,234.5 and 1.234,5."""
    text = text.strip().replace("\u2212", "-")
    if not NUMBER.fullmatch(text):
        return None
    digits = re.sub(r"[^\d.,]", "", text)
    last = max(digits.rfind("."), digits.rfind(","))
    separators = set(re.findall(r"[.,]", digits))
    is_decimal = last >= 0 and (len(separators) == 2 or digits.count(digits[last]) == 1)
    if is_decimal and digits[last] == "," and len(separators) == 1 and len(digits) - last == 4:
        is_decimal = False
    whole, fraction = (digits[:last], digits[last + 1:]) if is_decimal else (digits, "")
    number = float(re.sub(r"[.,]", "", whole) + "." + (fraction or "0"))
    return -number if text.startswith(("-", "(")) else number


def numeric_columns(header, body):
    """Name and numbers of each column that is numbers throughout (gaps allowed)."""
    columns = []
    for index, name in enumerate(header):
        texts = [row[index] for row in body]
        numbers = [to_number(text) for text in texts]
        readable = [n for n, text in zip(numbers, texts) if n is not None or not text.strip(" -–—")]
        if len(readable) == len(body) and any(n is not None for n in numbers):
            columns.append((name or f"column {index + 1}", numbers))
    return columns


def save_workbook(path, header, body):
    """A workbook whose numbers can be calculated with and look as printed."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(header)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row_number, row in enumerate(body, start=2):
        for column_number, text in enumerate(row, start=1):
            cell = sheet.cell(row_number, column_number)
            number = to_number(text)
            if number is None or text.strip().endswith("%"):
                cell.value, cell.data_type = text, "s"
            else:
                decimals = re.search(r"[.,](\d{1,2})\D*$", text)
                cell.value = number
                cell.number_format = "0." + "0" * len(decimals.group(1)) if decimals else "General"
    sheet.freeze_panes = "A2"
    workbook.save(path)


def save_bars(picture, names, columns):
    """Grouped bars: one group for each row, one colour for each numeric column."""
    figure, axes = plt.subplots(figsize=(max(7, 0.5 * len(names) + 4), 5))
    places = np.arange(len(names))
    thickness = 0.8 / len(columns)
    for index, (name, numbers) in enumerate(columns):
        heights = [np.nan if number is None else number for number in numbers]
        offset = (index - (len(columns) - 1) / 2) * thickness
        axes.bar(places + offset, heights, thickness, label=plain(name))
    axes.set_xticks(places, [plain(name) for name in names],
                    rotation=45 if len(names) > 6 else 0)
    axes.set_title(plain(picture["title"]))
    axes.legend()
    figure.tight_layout()
    figure.savefig(picture["out"] + "chart.png", dpi=120)
    plt.close(figure)


def read_table(picture):
    """Save the table as printed, as a workbook and as a chart; say what it holds."""
    rows, weakest = load_cells(picture["evidence"])
    with open(picture["out"] + "table.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    header, body = rows[0], rows[1:]
    save_workbook(picture["out"] + "table.xlsx", header, body)
    before = picture["out"].rpartition("/")[2]
    saved = f"{before}table.csv (as printed) and {before}table.xlsx"
    columns = numeric_columns(header, body) if body else []
    if columns:
        is_named = header[0] not in [name for name, _ in columns[:1]]
        names = [row[0] if is_named else str(number) for number, row in enumerate(body, start=1)]
        save_bars(picture, names[:40], [(name, values[:40]) for name, values in columns[:6]])
        saved += f"; {before}chart.png shows " + ", ".join(name for name, _ in columns[:6])
    else:
        saved += "; no column is numeric, so there is no chart"
    return (
        f"Read a table of {len(body)} rows and {len(header)} columns. {certainty(weakest)} "
        f"Saved {saved}."
    )
