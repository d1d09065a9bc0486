"""What the pages of text say. Written for this set."""

PARAGRAPHS = {
    "letter": [
        "Dear Ms Whitfield,",
        "thank you for your letter of 14 March. We have looked into the matter of the missing parcel and found that it was "
        "handed to a neighbour at number 27, who kept it safe for three weeks and did not think to ring.",
        "As a small apology we have credited £12.50 to your account. The amount will show on your next statement, which "
        "you should have by the end of the month.",
        "If anything else is unclear, please call us on weekdays between 9 a.m. and 5 p.m.; ask for extension 416.",
        "Yours sincerely,",
        "Martin Ashdown, Customer Relations",
    ],
    "article": [
        "On windy evenings people who live near the old suspension bridge hear it before they see it. The sound is low, "
        "somewhere around 70 hertz, and it comes and goes with the gusts.",
        "Engineers call the cause vortex shedding: air that flows past a cable curls off first on one side, then on the "
        "other, and pushes the cable back and forth as it goes. When the rhythm of the pushes meets the cable's own, the "
        "cable sings.",
        "The cure is cheap. A thin strip wound around the cable, rising about twelve times its diameter with every turn, "
        "breaks the vortices up. Of 148 cables treated in 2019, only two were still heard a year later.",
        'Not everybody was glad of it. "It was our bridge\'s voice," one reader wrote to the paper.',
    ],
    "german": [
        "1. Die Haustür ist zwischen 22 Uhr und 6 Uhr geschlossen zu halten.",
        "2. Fahrräder gehören in den Keller. Im Treppenhaus abgestellte Räder werden auf Kosten der Eigentümer entfernt.",
        "3. Die Waschküche kann werktags von 7 bis 20 Uhr benutzt werden; bitte tragen Sie sich in die Liste ein.",
        "4. Müll ist zu trennen. Größere Gegenstände holt die Stadt nach Anmeldung ab (Telefon 0351 48 89 633).",
        "5. Über Schäden am Haus ist die Verwaltung unverzüglich zu unterrichten.",
    ],
    "terminal": [
        "$ make release",
        "compiling 214 files with 8 workers",
        "warning: unused variable 'offset' in src/reader.c:118",
        "linking build/reader (3.2 MB)",
        "running 57 tests: 56 passed, 1 skipped, 0 failed",
        "checksum 9f3a-77c1-04be written to build/SHA",
        "done in 41.7 s",
        "$ ls -l build",
        "-rwxr-xr-x 1 build build 3355443 May 11 09:26 reader",
        "-rw-r--r-- 1 build build      65 May 11 09:26 SHA",
    ],
}
