"""Read a table: table.csv with every cell as printed.

The text of the cells comes from the evidence next to the picture (recognised by OCR).
"""

import csv

from part_cells import certainty, load_cells


def read_plain_table(picture):
    """Save the cells and say how many there are."""
    rows, weakest = load_cells(picture["evidence"])
    with open(picture["out"] + "table.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return (
        f"Read a table of {len(rows) - 1} rows and {len(rows[0])} columns. "
        f"{certainty(weakest)} Saved {picture['out'].rpartition('/')[2]}table.csv."
    )
