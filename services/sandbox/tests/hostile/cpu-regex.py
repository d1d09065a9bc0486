# protects: everybody's time from one call into C that never comes back to Python
# expect: status=timeout signal=9
# stdout: started
# limits: timeout=2
# within: 6

import re
import resource

# Its own end, should nobody stop it.
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
print("started")
re.match(r"(a|a)*$", "a" * 60 + "b")
raise SystemExit("came back")
