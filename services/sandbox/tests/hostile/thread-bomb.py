# protects: the machine's threads: they count as processes, and the run can go on after meeting the limit
# expect: status=ok exit=0
# stdout: holds
# within: 10

import threading

MOST = 10_000
end = threading.Event()
threads = []
try:
    while len(threads) < MOST:
        thread = threading.Thread(target=end.wait)
        thread.start()
        threads.append(thread)
    raise SystemExit("no limit")
except RuntimeError as error:
    assert "can't start new thread" in str(error), error
finally:
    end.set()
assert 64 < len(threads) < 128, len(threads)
for thread in threads:
    thread.join()
print("holds")
