#include "store/xlsx.h"

#include "base/check.h"
#include "base/text.h"
#include "store/xlsx_part.h"

#define BLOCK_BYTES MIB(1)
#define BLOCKS_MAX  (XLSX_STRINGS_BYTES_MAX / BLOCK_BYTES)
#define PATH_BYTES  256
#define WHOLE_BELOW 1e15 /* every whole number below has all its digits in a double */

/* Texts that cells point to: written once, in blocks that never move. */
struct strings {
    char *blocks[BLOCKS_MAX];
    size_t block_count, used; /* used: of the last block */
    uint32_t *at;             /* block << 20 | place in it */
    size_t count, room;
};

struct sheet {
    char relation[64], path[PATH_BYTES];
};

/* Text of the element being read, cut at the limit. */
struct gather {
    char bytes[XLSX_CELL_BYTES_MAX + 1];
    size_t len;
    bool on, full;
};

enum cell_kind { CELL_NUMBER, CELL_SHARED, CELL_INLINE, CELL_TEXT, CELL_BOOLEAN, CELL_NOTHING };

struct xlsx {
    struct xlsx_pack *pack;
    struct sheet sheets[XLSX_SHEETS_MAX];
    size_t sheet_count;
    struct strings strings;
    struct gather gather;
    struct xlsx_part *part; /* being read */
    int phonetic;           /* depth inside of rPh */
    struct csv row;
    char *room; /* texts of the row's own cells */
    size_t room_used;
    char empty[1];
    uint64_t numbers; /* bit per cell */
    int column;
    enum cell_kind kind;
};

/* ---- gathering text ---- */

static void gather_begin(struct gather *g)
{
    g->len = 0;
    g->on = true;
    g->full = false;
}

static void gather_add(struct gather *g, const char *text, size_t len)
{
    if (!g->on || g->full)
        return;
    size_t left = XLSX_CELL_BYTES_MAX - g->len;
    if (len > left) {
        g->full = true;
        for (len = left; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--; /* never half a character */
    }
    memcpy(g->bytes + g->len, text, len);
    g->len += len;
}

static void on_text(void *arg, const char *text, size_t len)
{
    struct xlsx *book = arg;
    if (book->phonetic == 0)
        gather_add(&book->gather, text, len);
}

/* ---- shared strings ---- */

static bool keep_string(struct strings *s, const char *bytes, size_t len)
{
    if (s->block_count == 0 || s->used + len + 1 > BLOCK_BYTES) {
        if (s->block_count == BLOCKS_MAX)
            return false;
        s->blocks[s->block_count] = malloc(BLOCK_BYTES);
        CHECK(s->blocks[s->block_count] != NULL);
        s->block_count++;
        s->used = 0;
    }
    if (s->count == s->room) {
        if (s->room >= XLSX_STRINGS_MAX)
            return false;
        s->room = s->room == 0 ? 1024 : s->room * 2;
        s->at = realloc(s->at, s->room * sizeof s->at[0]);
        CHECK(s->at != NULL);
    }
    char *to = s->blocks[s->block_count - 1] + s->used;
    memcpy(to, bytes, len);
    to[len] = '\0';
    s->at[s->count++] = (uint32_t)((s->block_count - 1) << 20 | s->used);
    s->used += len + 1;
    return true;
}

static char *string_at(const struct strings *s, size_t index)
{
    return index < s->count ? s->blocks[s->at[index] >> 20] + (s->at[index] & (BLOCK_BYTES - 1)) : NULL;
}

static void strings_start(void *arg, const char *name, const char **attributes)
{
    struct xlsx *book = arg;
    (void)attributes;
    if (text_is(name, "si"))
        gather_begin(&book->gather), book->gather.on = false;
    else if (text_is(name, "t"))
        book->gather.on = true;
    else if (text_is(name, "rPh"))
        book->phonetic++;
}

static void strings_end(void *arg, const char *name)
{
    struct xlsx *book = arg;
    if (text_is(name, "t"))
        book->gather.on = false;
    else if (text_is(name, "rPh"))
        book->phonetic--;
    else if (text_is(name, "si") && !keep_string(&book->strings, book->gather.bytes, book->gather.len))
        xlsx_part_refuse(book->part, "the workbook has too many texts");
}

/* ---- which sheets there are ---- */

static void workbook_start(void *arg, const char *name, const char **attributes)
{
    struct xlsx *book = arg;
    const char *id = xlsx_attribute(attributes, "id");
    if (!text_is(name, "sheet") || id == NULL || book->sheet_count == XLSX_SHEETS_MAX)
        return;
    struct sheet *sheet = &book->sheets[book->sheet_count++];
    snprintf(sheet->relation, sizeof sheet->relation, "%s", id);
}

static void relations_start(void *arg, const char *name, const char **attributes)
{
    struct xlsx *book = arg;
    const char *id = xlsx_attribute(attributes, "Id"), *target = xlsx_attribute(attributes, "Target");
    if (!text_is(name, "Relationship") || id == NULL || target == NULL)
        return;
    for (size_t i = 0; i < book->sheet_count; i++)
        if (text_is(book->sheets[i].relation, id))
            snprintf(book->sheets[i].path, PATH_BYTES, "%s%s", target[0] == '/' ? "" : "xl/",
                     target[0] == '/' ? target + 1 : target);
}

/* ---- the rows of a sheet ---- */

/* "BC12" is in column 54; -1: no cell name. */
static int column_of(const char *reference)
{
    int column = 0, letters = 0;
    for (; reference[letters] >= 'A' && reference[letters] <= 'Z' && letters < 4; letters++)
        column = column * 26 + (reference[letters] - 'A' + 1);
    return letters == 0 ? -1 : column - 1;
}

static enum cell_kind kind_of(const char *type)
{
    if (type == NULL || text_is(type, "n"))
        return CELL_NUMBER;
    return text_is(type, "s")           ? CELL_SHARED
           : text_is(type, "inlineStr") ? CELL_INLINE
           : text_is(type, "b")         ? CELL_BOOLEAN
           : text_is(type, "e")         ? CELL_NOTHING
                                        : CELL_TEXT;
}

static void begin_row(struct xlsx *book, const char *number)
{
    int64_t line = 0;
    bool said = number != NULL && text_int(number, &line) && line > 0;
    book->row.line = said ? (size_t)line : book->row.line + 1;
    book->row.count = 0;
    book->room_used = 0;
    book->numbers = 0;
    book->column = -1;
}

static void sheet_start(void *arg, const char *name, const char **attributes)
{
    struct xlsx *book = arg;
    if (text_is(name, "row")) {
        begin_row(book, xlsx_attribute(attributes, "r"));
    } else if (text_is(name, "c")) {
        const char *reference = xlsx_attribute(attributes, "r");
        int column = reference != NULL ? column_of(reference) : -1;
        book->column = column >= 0 ? column : book->column + 1;
        book->kind = kind_of(xlsx_attribute(attributes, "t"));
        gather_begin(&book->gather);
        book->gather.on = false;
    } else if (text_is(name, "v") || text_is(name, "t")) {
        book->gather.on = true;
    } else if (text_is(name, "rPh")) {
        book->phonetic++;
    }
}

/* A number as people write it: Excel stores 2022001 also as 2.022001E6. */
static void plain_number(struct gather *g)
{
    char *end = NULL;
    if (strspn(g->bytes, "0123456789") == g->len)
        return;
    double value = strtod(g->bytes, &end);
    if (end != g->bytes && *end == '\0' && value > -WHOLE_BELOW && value < WHOLE_BELOW &&
        value == (double)(int64_t)value)
        g->len = (size_t)snprintf(g->bytes, sizeof g->bytes, "%" PRId64, (int64_t)value);
}

static char *cell_text(struct xlsx *book)
{
    struct gather *g = &book->gather;
    int64_t index = 0;
    g->bytes[g->len] = '\0';
    if (book->kind == CELL_SHARED)
        return text_int(g->bytes, &index) && index >= 0 ? string_at(&book->strings, (size_t)index) : NULL;
    if (book->kind == CELL_NOTHING || g->len == 0)
        return NULL;
    if (book->kind == CELL_BOOLEAN)
        g->len = (size_t)snprintf(g->bytes, sizeof g->bytes, "%s", text_is(g->bytes, "1") ? "TRUE" : "FALSE");
    if (book->kind == CELL_NUMBER)
        plain_number(g);
    char *to = book->room + book->room_used;
    memcpy(to, g->bytes, g->len + 1);
    book->room_used += g->len + 1;
    return to;
}

static void end_cell(struct xlsx *book)
{
    int column = book->column;
    if (column >= CSV_CELLS_MAX || column < (int)book->row.count)
        return; /* not ours to look at, or the same cell again */
    char *text = cell_text(book);
    if (text == NULL)
        return;
    while ((int)book->row.count < column)
        book->row.cells[book->row.count++] = book->empty;
    book->row.cells[book->row.count++] = text;
    if (book->kind == CELL_NUMBER)
        book->numbers |= UINT64_C(1) << column;
}

static void sheet_end(void *arg, const char *name)
{
    struct xlsx *book = arg;
    if (text_is(name, "v") || text_is(name, "t"))
        book->gather.on = false;
    else if (text_is(name, "rPh"))
        book->phonetic--;
    else if (text_is(name, "c"))
        end_cell(book);
    else if (text_is(name, "row") && book->row.count > 0)
        xlsx_part_pause(book->part);
}

/* ---- reading ---- */

static enum err read_whole(struct xlsx *book, const char *path, const struct xlsx_events *events)
{
    bool more = true;
    enum err e = xlsx_part_open(book->pack, path, events, book, &book->part, book->row.why);
    while (e == ERR_NONE && more)
        e = xlsx_part_read(book->part, &more, book->row.why);
    xlsx_part_close(book->part);
    book->part = NULL;
    return e;
}

static enum err read_all(struct xlsx *book)
{
    const struct xlsx_events workbook = {workbook_start, NULL, NULL}, relations = {relations_start, NULL, NULL},
                             strings = {strings_start, strings_end, on_text};
    enum err e = read_whole(book, "xl/workbook.xml", &workbook);
    if (e == ERR_NONE)
        e = read_whole(book, "xl/_rels/workbook.xml.rels", &relations);
    if (e == ERR_NOT_FOUND) {
        snprintf(book->row.why, sizeof book->row.why, "the file is a ZIP, but no workbook");
        return ERR_BAD_FIELD;
    }
    TRY(e);
    e = read_whole(book, "xl/sharedStrings.xml", &strings);
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err xlsx_open(xlsx_source *source, void *arg, int64_t size_bytes, struct xlsx **out, char why[CSV_WHY_BYTES])
{
    struct xlsx *book = calloc(1, sizeof *book);
    CHECK(book != NULL);
    book->room = malloc((size_t)CSV_CELLS_MAX * (XLSX_CELL_BYTES_MAX + 1));
    CHECK(book->room != NULL);
    *out = book;
    enum err e = xlsx_pack_open(source, arg, size_bytes, &book->pack, book->row.why);
    if (e == ERR_NONE)
        e = read_all(book);
    if (e != ERR_NONE)
        snprintf(why, CSV_WHY_BYTES, "%s", book->row.why);
    return e;
}

void xlsx_close(struct xlsx *book)
{
    if (book == NULL)
        return;
    xlsx_part_close(book->part);
    xlsx_pack_close(book->pack);
    for (size_t i = 0; i < book->strings.block_count; i++)
        free(book->strings.blocks[i]);
    free(book->strings.at);
    free(book->room);
    free(book);
}

size_t xlsx_sheets(const struct xlsx *book)
{
    return book->sheet_count;
}

enum err xlsx_sheet(struct xlsx *book, size_t sheet)
{
    static const struct xlsx_events events = {sheet_start, sheet_end, on_text};
    xlsx_part_close(book->part);
    book->part = NULL;
    book->row.line = 0;
    book->row.count = 0;
    book->phonetic = 0;
    enum err e = xlsx_part_open(book->pack, book->sheets[sheet].path, &events, book, &book->part, book->row.why);
    return e == ERR_NOT_FOUND ? ERR_NONE : e; /* a chart, or a sheet that is not there: it has no rows */
}

enum err xlsx_next(struct xlsx *book, bool *more)
{
    *more = false;
    return book->part == NULL ? ERR_NONE : xlsx_part_read(book->part, more, book->row.why);
}

struct csv *xlsx_row(struct xlsx *book)
{
    return &book->row;
}

bool xlsx_is_number(const struct xlsx *book, int column)
{
    return column >= 0 && column < CSV_CELLS_MAX && (book->numbers >> column & 1) != 0;
}

void xlsx_progress(const struct xlsx *book, int64_t *done, int64_t *total)
{
    *done = *total = 0;
    if (book->part != NULL)
        xlsx_part_progress(book->part, done, total);
}
