# protects: the service's memory from one line of 128 MiB, written at once
# expect: status=output_limit signal=9
# limits: memory=1024
# truncated: yes
# within: 15

import os

os.write(1, b"x" * (128 << 20))
raise SystemExit("128 MiB and nobody minded")
