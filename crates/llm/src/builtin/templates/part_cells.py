"""The cells of a table, as the look at the picture recognised them."""

import json
from pathlib import Path


def load_cells(path):
    """Rows of cell texts exactly as printed, and the least certain cell."""
    table = json.loads(Path(path).read_text(encoding="utf-8"))["table"]
    rows = [[(cell or {}).get("text") or "" for cell in row] for row in table["cells"]]
    rows = [row for row in rows if any(row)]
    if not rows:
        raise ValueError("the table has no readable cells")
    width = max(len(row) for row in rows)
    rows = [row + [""] * (width - len(row)) for row in rows]
    sure = [(cell.get("confidence") or 0, cell["text"])
            for row in table["cells"] for cell in row if cell and cell.get("text")]
    return rows, min(sure)


def certainty(weakest):
    """A sentence on how far the recognised text can be trusted."""
    confidence, text = weakest
    if confidence >= 0.9:
        return f"All cells were recognised with at least {confidence:.0%} confidence."
    return f"Check the cell {text!r}: it was recognised with only {confidence:.0%} confidence."
