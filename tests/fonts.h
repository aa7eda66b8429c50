/* fonts — for tests that draw text under the address sanitizer. Include it in one .c of the program.
 *
 * What fontconfig notes about a font file when it is added is never given back, once per sheet_fonts; drawing adds
 * nothing (a thousand sheets leave the process as large as ten do). */
#ifndef XY_TESTS_FONTS_H
#define XY_TESTS_FONTS_H

/* Called by the leak sanitizer: one pattern per line. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}

#endif
