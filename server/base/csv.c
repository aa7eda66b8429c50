#include "base/csv.h"

#include "base/text.h"

#include <iconv.h>
#include <strings.h>

static const unsigned char mark[3] = {0xef, 0xbb, 0xbf};

enum err csv_open(struct csv *csv, char *text, size_t len)
{
    *csv = (struct csv){.at = text, .end = text + len, .next_line = 1};
    text[len] = '\0';
    if (len >= sizeof mark && memcmp(text, mark, sizeof mark) == 0)
        csv->at += sizeof mark;
    if (text_utf8_valid(csv->at, (size_t)(csv->end - csv->at)))
        return ERR_NONE;
    snprintf(csv->why, sizeof csv->why, "the text is not UTF-8");
    return ERR_BAD_FIELD;
}

static enum err wrong(struct csv *csv, const char *what)
{
    snprintf(csv->why, sizeof csv->why, "line %zu: %s", csv->line, what);
    return ERR_BAD_FIELD;
}

static bool at_line_end(const struct csv *csv)
{
    return csv->at < csv->end && (*csv->at == '\n' || *csv->at == '\r');
}

/* One line end, CRLF counted once. */
static void skip_line_end(struct csv *csv)
{
    if (csv->at + 1 < csv->end && csv->at[0] == '\r' && csv->at[1] == '\n')
        csv->at++;
    csv->at++;
    csv->next_line++;
}

/* Behind the opening quote; writes the unfolded cell where it stands, which is never behind where it reads. */
static enum err read_quoted(struct csv *csv, char **cell_end)
{
    char *to = csv->at;
    for (;;) {
        if (csv->at == csv->end)
            return wrong(csv, "a quote is not closed");
        char c = *csv->at++;
        if (c == '"') {
            if (csv->at == csv->end || *csv->at != '"')
                break;
            csv->at++;
        }
        if (c == '\n' || (c == '\r' && (csv->at == csv->end || *csv->at != '\n')))
            csv->next_line++;
        *to++ = c;
    }
    *cell_end = to;
    if (csv->at < csv->end && *csv->at != ',' && !at_line_end(csv))
        return wrong(csv, "text behind a closing quote");
    return ERR_NONE;
}

static enum err read_bare(struct csv *csv, char **cell_end)
{
    while (csv->at < csv->end && *csv->at != ',' && !at_line_end(csv)) {
        if (*csv->at == '"')
            return wrong(csv, "a quote in the middle of a cell");
        csv->at++;
    }
    *cell_end = csv->at;
    return ERR_NONE;
}

enum err csv_next(struct csv *csv, bool *more)
{
    csv->count = 0;
    while (at_line_end(csv))
        skip_line_end(csv);
    csv->line = csv->next_line;
    *more = csv->at < csv->end;
    for (bool row = *more; row;) {
        if (csv->count == CSV_CELLS_MAX)
            return wrong(csv, "too many cells");
        bool quoted = csv->at < csv->end && *csv->at == '"';
        csv->at += quoted;
        char *cell = csv->at, *cell_end = NULL;
        TRY(quoted ? read_quoted(csv, &cell_end) : read_bare(csv, &cell_end));
        csv->cells[csv->count++] = cell;
        row = csv->at < csv->end && *csv->at == ',';
        if (row)
            csv->at++;
        else if (at_line_end(csv))
            skip_line_end(csv);
        *cell_end = '\0'; /* last: it may lie on the comma or line end just read */
    }
    return ERR_NONE;
}

/* Spaces and tabs around; the full-width space too, which Chinese input methods leave behind. */
static const char wide_space[] = "\xe3\x80\x80";

static char *trim(char *text)
{
    for (;;) {
        if (*text == ' ' || *text == '\t')
            text++;
        else if (text_starts(text, wide_space))
            text += sizeof wide_space - 1;
        else
            break;
    }
    size_t len = strlen(text);
    for (;;) {
        if (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
            len--;
        else if (len >= 3 && memcmp(text + len - 3, wide_space, 3) == 0)
            len -= 3;
        else
            break;
    }
    text[len] = '\0';
    return text;
}

/* Whether a spreadsheet would take a cell for a formula; of wide signs those with a Chinese locale do. */
static bool runs(const char *text)
{
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"}; /* ＝＋－＠ */
    for (size_t i = 0; i < countof(wide); i++)
        if (text_starts(text, wide[i]))
            return true;
    return text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL;
}

const char *csv_cell(struct csv *csv, int column)
{
    if (column < 0 || (size_t)column >= csv->count)
        return "";
    char *cell = trim((char *)(uintptr_t)csv->cells[column]); /* inside the caller's writable text */
    csv->cells[column] = cell[0] == '\'' && runs(cell + 1) ? cell + 1 : cell;
    return csv->cells[column];
}

int csv_column(const struct csv *csv, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < csv->count; i++) {
        const char *cell = csv->cells[i];
        cell += strspn(cell, " \t");
        if (strncasecmp(cell, name, len) == 0 && cell[len + strspn(cell + len, " \t")] == '\0')
            return (int)i;
    }
    return -1;
}

/* GB18030 needs 1, 2 or 4 bytes for what takes at most 4 in UTF-8; 1 byte (ASCII) never grows, 2 bytes become 3. */
#define GROWTH 2

static bool from_gb18030(struct arena *arena, const char *bytes, size_t len, char **text, size_t *text_len)
{
    size_t room = len * GROWTH + 1, left = room, in_left = len;
    char *out = arena_alloc(arena, room + 1), *to = out;
    char *in = arena_copy(arena, bytes, len);
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    if (converter == (iconv_t)-1)
        return false;
    bool good = iconv(converter, &in, &in_left, &to, &left) != (size_t)-1 && in_left == 0;
    iconv_close(converter);
    *text = out;
    *text_len = (size_t)(to - out);
    return good && text_utf8_valid(out, *text_len);
}

enum err csv_open_office(struct csv *csv, const void *bytes, size_t len, struct arena *arena)
{
    char *text;
    if (text_utf8_valid(bytes, len)) {
        text = arena_copy(arena, bytes, len);
    } else if (!from_gb18030(arena, bytes, len, &text, &len)) {
        *csv = (struct csv){.line = 0};
        snprintf(csv->why, sizeof csv->why, "the file is neither UTF-8 nor GB18030 text");
        return ERR_BAD_FIELD;
    }
    return csv_open(csv, text, len);
}

enum err csv_header(struct csv *csv, struct csv_column *columns, size_t count)
{
    bool more = false;
    TRY(csv_next(csv, &more));
    if (!more) {
        snprintf(csv->why, sizeof csv->why, "the file has no header row");
        return ERR_BAD_FIELD;
    }
    for (size_t i = 0; i < count; i++) {
        columns[i].at = csv_column(csv, columns[i].name);
        if (columns[i].at < 0 && columns[i].other != NULL)
            columns[i].at = csv_column(csv, columns[i].other);
        if (columns[i].at < 0 && columns[i].required) {
            snprintf(csv->why, sizeof csv->why, "the column %s is missing", columns[i].name);
            return ERR_BAD_FIELD;
        }
    }
    return ERR_NONE;
}

/* ---- writing ---- */

void csv_begin(struct buf *b)
{
    buf_add(b, mark, sizeof mark);
}

void csv_put(struct buf *b, const char *text, bool first)
{
    if (!first)
        buf_char(b, ',');
    bool defused = runs(text), quote = defused || strpbrk(text, ",\"\r\n") != NULL;
    if (quote)
        buf_char(b, '"');
    if (defused)
        buf_char(b, '\'');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"')
            buf_char(b, '"');
        buf_char(b, *at);
    }
    if (quote)
        buf_char(b, '"');
}

void csv_end_row(struct buf *b)
{
    buf_text(b, "\r\n");
}
