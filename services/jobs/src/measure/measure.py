import sys

sys.path.insert(0, "/opt/darkroom/python")
import prove

prove.main("WHAT")
