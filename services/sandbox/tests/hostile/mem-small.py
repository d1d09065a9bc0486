# protects: the machine's memory from very many small things, where the kernel is asked in small steps
# expect: status=out_of_memory signal=9
# limits: timeout=40 memory=192

head = None
for number in range(30_000_000):
    head = (head, number)
raise SystemExit("3 GiB and no wall")
