# Reads `ctest -V`; prints one line per test, why something was skipped, and the whole output of tests that fail.
/^[0-9]+: / {
    number = $1
    sub(/:$/, "", number)
    line = $0
    sub(/^[0-9]+: /, "", line)
    if (line ~ /^(Test command|Working Directory|Environment variables|Test timeout computed)/)
        next
    if (kept[number] < 4000)
        text[number, kept[number]++] = line
    if (line ~ /SKIP/ && !((number, line) in skip_count)) # the same reason again is only counted
        skips[number, kinds[number]++] = line
    if (line ~ /SKIP/)
        skip_count[number, line]++
    next
}
/^ *[0-9]+\/[0-9]+ +Test +#[0-9]+:/ {
    number = $0
    sub(/^.*Test +#/, "", number)
    sub(/:.*/, "", number)
    if ($0 ~ /Failed|Timeout|Exception|Not Run/)
        for (i = 0; i < kept[number]; i++)
            print "      " text[number, i]
    print
    for (i = 0; i < kinds[number]; i++) {
        times = skip_count[number, skips[number, i]]
        print "      " skips[number, i] (times > 1 ? "   (" times " times)" : "")
    }
    for (i = 0; i < kept[number]; i++)
        delete text[number, i]
    fflush()
    next
}
/^The following tests/ { listing = !/passed/ } # those that passed have their line above
/^\t/ && !listing { next }
/tests passed,|tests failed|Total Test time|The following tests (did not|FAILED)|^\t/ { print }
