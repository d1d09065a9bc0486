"""Which function reads which kind of panel. In a script, only those it needs are named here."""

from bar import read_bars
from line import read_lines
from pie import read_wedges
from scatter import read_points

READERS = {"bar": read_bars, "line": read_lines, "scatter": read_points, "pie": read_wedges}
