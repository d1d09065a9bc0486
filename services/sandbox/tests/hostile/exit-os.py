# protects: the meaning of exit codes: leaving without clean-up tells the code all the same, and no lost output
# expect: status=error exit=7
# stdout: kept

import os

print("kept")
os._exit(7)
