# protects: the service's memory from standard error without end
# expect: status=output_limit signal=9
# truncated: yes
# within: 15

import sys

for _ in range(64 << 10):
    sys.stderr.write("x" * 4095 + "\n")
raise SystemExit("256 MiB and nobody minded")
