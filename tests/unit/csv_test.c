/* links: xy_base */
#include "base/csv.c"
#include "tests/check.h"

/* Rows joined by '|' and ended by '/'; an error ends with '!'. */
static const char *read_all(const char *text)
{
    static char shown[1024];
    static char copy[1024];
    struct csv csv;
    bool more = true;
    size_t len = strlen(text), at = 0;
    memcpy(copy, text, len + 1);
    shown[0] = '\0';
    if (csv_open(&csv, copy, len) != ERR_NONE)
        return "!utf8";
    for (;;) {
        if (csv_next(&csv, &more) != ERR_NONE) {
            snprintf(shown + at, sizeof shown - at, "!%s", csv.why);
            return shown;
        }
        if (!more)
            return shown;
        for (size_t i = 0; i < csv.count; i++)
            at += (size_t)snprintf(shown + at, sizeof shown - at, "%s%s", i > 0 ? "|" : "", csv.cells[i]);
        at += (size_t)snprintf(shown + at, sizeof shown - at, "/");
    }
}

TEST(rows_and_cells)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"a", "a/"},
        {"a,b\nc,d\n", "a|b/c|d/"},
        {"a,b\r\nc,d", "a|b/c|d/"},
        {"a\rb\r", "a/b/"},
        {"\xef\xbb\xbf"
         "a,b",
         "a|b/"},
        {"a,,b\n,\n", "a||b/|/"},
        {"\n\n\r\na\n\n", "a/"},
        {"\"a,b\",c", "a,b|c/"},
        {"\"a\"\"b\",\"\"", "a\"b|/"},
        {"\"a\nb\",c\nd", "a\nb|c/d/"},
        {"\"\"\"\"", "\"/"},
        {"张三,\"李,四\"", "张三|李,四/"},
        {"a,\"b", "!line 1: a quote is not closed"},
        {"a\nb\"c", "a/!line 2: a quote in the middle of a cell"},
        {"\"a\nb\nc\"\nx\"", "a\nb\nc/!line 4: a quote in the middle of a cell"},
        {"\"a\"b", "!line 1: text behind a closing quote"},
        {"a\xff", "!utf8"},
    };
    for (size_t i = 0; i < countof(cases); i++)
        EQ_TEXT(cases[i].want, read_all(cases[i].text));
}

TEST(too_many_cells_are_refused)
{
    char text[2 * CSV_CELLS_MAX + 2];
    memset(text, ',', sizeof text);
    text[CSV_CELLS_MAX - 1] = '\0';
    TRUE(strchr(read_all(text), '!') == NULL);
    text[CSV_CELLS_MAX - 1] = ',';
    text[CSV_CELLS_MAX] = '\0';
    EQ_TEXT("!line 1: too many cells", read_all(text));
}

TEST(columns_are_found_by_name_and_cells_trimmed)
{
    char text[] = " Code ,carrier,tracking_no\n 3B92K7-4 ,\xe3\x80\x80SF\xe3\x80\x80\n";
    struct csv csv;
    bool more;
    EQ_INT(ERR_NONE, csv_open(&csv, text, strlen(text)));
    EQ_INT(ERR_NONE, csv_next(&csv, &more));
    EQ_INT(0, csv_column(&csv, "code"));
    EQ_INT(2, csv_column(&csv, "tracking_no"));
    EQ_INT(-1, csv_column(&csv, "track"));
    EQ_INT(-1, csv_column(&csv, "tracking_number"));
    EQ_INT(ERR_NONE, csv_next(&csv, &more));
    EQ_TEXT("3B92K7-4", csv_cell(&csv, 0));
    EQ_TEXT("SF", csv_cell(&csv, 1));
    EQ_TEXT("", csv_cell(&csv, 2));
    EQ_TEXT("", csv_cell(&csv, -1));
}

TEST(what_is_written_reads_back_and_runs_nothing)
{
    static const char *const cells[] = {"a",   "",    "b,c", "d\"e", "f\ng", "张三", "=1+1", "@x", "-5",
                                        "+86", "x=1", "＝1", "＋1",  "－1",  "＠x",  "\n=1", "'n"};
    struct csv csv;
    struct buf b;
    bool more = false;
    buf_init(&b, KIB(1));
    csv_begin(&b);
    for (size_t i = 0; i < countof(cells); i++)
        csv_put(&b, cells[i], i == 0);
    csv_end_row(&b);
    EQ_TEXT("a||b,c|d\"e|f\ng|张三|'=1+1|'@x|'-5|'+86|x=1|'＝1|'＋1|'－1|'＠x|'\n=1|'n/", read_all(buf_cstr(&b)));
    char *text = strdup(buf_cstr(&b));
    EQ_INT(ERR_NONE, csv_open(&csv, text, strlen(text)));
    EQ_INT(ERR_NONE, csv_next(&csv, &more));
    for (size_t i = 0; i < countof(cells); i++) /* what was sent out to be corrected comes back as it was */
        EQ_TEXT(cells[i], csv_cell(&csv, (int)i));
    free(text);
    buf_release(&b);
}

/* Any bytes end in rows or one error, never beyond the text. */
TEST(noise_is_read_or_refused)
{
    static const char letters[] = "a,\"\n\r ";
    uint32_t state = 1;
    for (int round = 0; round < 20000; round++) {
        char text[24];
        size_t len = (size_t)(round % 23);
        for (size_t i = 0; i < len; i++) {
            state = state * 1664525 + 1013904223;
            text[i] = letters[(state >> 24) % (sizeof letters - 1)];
        }
        text[len] = '\0';
        TRUE(strlen(read_all(text)) < 200);
    }
}

int main(void)
{
    return tests_run();
}
