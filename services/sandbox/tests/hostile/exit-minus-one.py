# protects: the meaning of exit codes: a negative one is told as outside
# expect: status=error exit=255

import sys

sys.exit(-1)
