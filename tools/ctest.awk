# Reads `ctest -V`; prints one line per test, every line that says SKIP, and the whole output of tests that fail.
/^[0-9]+: / {
    number = $1
    sub(/:$/, "", number)
    line = $0
    sub(/^[0-9]+: /, "", line)
    if (kept[number] < 4000)
        text[number, kept[number]++] = line
    if (line ~ /SKIP/)
        skips[number] = skips[number] "      " line "\n"
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
    printf "%s", skips[number]
    for (i = 0; i < kept[number]; i++)
        delete text[number, i]
    fflush()
    next
}
/tests passed|tests failed|Total Test time|The following tests|^\t/ { print }
