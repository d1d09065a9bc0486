# protects: the service's memory from standard output without end
# expect: status=output_limit signal=9
# truncated: yes
# within: 15

for _ in range(64 << 10):
    print("x" * 4095)
raise SystemExit("256 MiB and nobody minded")
