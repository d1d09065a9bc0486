# protects: the machine's memory from one process that wants ever more
# expect: status=out_of_memory signal=9
# limits: memory=192
# within: 10

kept = []
for _ in range(48):
    kept.append(bytearray(b"x") * (64 << 20))
raise SystemExit("3 GiB and no wall")
