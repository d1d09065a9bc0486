# protects: the meaning of exit codes: as outside, only the lowest eight bits count
# expect: status=ok exit=0

import sys

sys.exit(256)
