# protects: the answer and its time from small files without number, spread over folders
# expect: status=ok exit=0
# outputs: 64
# rejected: too_many=90
# within: 10

import os

for folder in range(100):
    os.mkdir(f"d{folder:02}")
    for number in range(100):
        os.close(os.open(f"d{folder:02}/{number:02}", os.O_CREAT | os.O_WRONLY))
