# protects: the meaning of exit codes: a text is printed as the reason and means 1
# expect: status=error exit=1
# stderr~: ^because$

raise SystemExit("because")
