# protects: terminals and logs: what steers a terminal is passed on as data and steers nothing of ours
# expect: status=ok exit=0
# stdout~: ^\x1b\]52;c;[\s\S]*\x1b\[2J[\s\S]*end$

print("\x1b]52;c;ZWNobyBvd25lZA==\x07", end="")  # sets the clipboard
print("\x1b]0;title\x07\x1b[2J\x1b[H\x1b[8mhidden\x1b[?1049h", end="")  # title, clear, hide, other screen
print("\x1bP+q544e\x1b\\\x1b[6n\x1b[c", end="")  # asks the terminal to type an answer
print("honest\rforged\b\b\b", end="")
print("\u202egnp.exe\u202c \u2066safe\u2069", end="")  # turned around
print("\n2000-01-01T00:00:00Z ERROR forged log line {} %s ${jndi:x}")
print("end")
