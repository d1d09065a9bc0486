"""Starts the code in a Python of its own: the cold path.

The process is locked down and in its room before this program starts, and the code stands in its place.
"""

import sys

import plots  # beside this file, which is where Python looks first
import program

sys.meta_path.insert(0, plots.Finder)
program.run()
