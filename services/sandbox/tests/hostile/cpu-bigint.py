# protects: everybody's time from one number too large to be computed
# expect: status=timeout signal=9
# stdout: started
# limits: timeout=2
# within: 6

import resource

# Its own end, should nobody stop it.
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
print("started")
number = 7 ** (10**8)
raise SystemExit("computed")
