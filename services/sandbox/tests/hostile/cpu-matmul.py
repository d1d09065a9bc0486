# protects: everybody's time from threads of a library that compute outside of Python
# expect: status=timeout signal=9
# stdout: started
# limits: timeout=3 memory=1024
# within: 8

import time

import numpy

print("started")
matrix = numpy.ones((3000, 3000))
end = time.monotonic() + 30
while time.monotonic() < end:
    matrix = matrix @ matrix / 3000
