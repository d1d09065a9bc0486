# protects: the meaning of exit codes: the largest one is told as it is
# expect: status=error exit=255
# outputs: 0

import sys

sys.exit(255)
