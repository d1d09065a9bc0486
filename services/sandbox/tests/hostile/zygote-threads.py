# protects: runs from locks and threads that a fork leaves behind: libraries compute right, in children too
# expect: status=ok exit=0
# stdout: holds
# limits: timeout=60

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool

# A warm start has the helpers of the linear algebra libraries already, one for each of up to three copies; they were
# started after the fork. A cold one has none yet.
assert len(os.listdir("/proc/self/task")) <= 4, os.listdir("/proc/self/task")
assert threading.active_count() == 1

import cv2
import numpy


def product(size):
    """A product that a threaded library splits, and its known answer."""
    return bool((numpy.ones((size, size)) @ numpy.ones((size, size)) == size).all())


assert product(600)
picture = numpy.zeros((1200, 1200, 3), numpy.uint8)
picture[600:] = 200
assert int(cv2.GaussianBlur(picture, (51, 51), 0)[1199, 0, 0]) == 200
with ThreadPoolExecutor(8) as pool:
    assert all(pool.map(product, [200] * 16))
with Pool(2) as pool:
    assert all(pool.map(product, [300] * 4))
for _ in range(20):
    if os.fork() == 0:
        os._exit(0 if product(200) else 1)
    assert os.wait()[1] == 0
logging.getLogger("after").warning("a lock of the logging module is free")
print("holds")
