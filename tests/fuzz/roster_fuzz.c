/* links: xy_store xy_blob */
/* A roster's file whatever it holds: read to its end without harm, in bounded memory; a text gives the rows that the
 * reader of whole texts gives. By the first byte: the bytes are the file, a sheet of a workbook, or its strings. */
#include "base/check.h"
#include "base/crypt.h"
#include "store/roster_rows.h"
#include "tests/unit/xlsx_fixture.h"

static size_t read_all(const void *bytes, size_t len)
{
    struct roster_source source = {.memory = bytes, .size_bytes = (int64_t)len};
    struct roster_file_kind kind;
    struct roster_rows rows;
    struct arena *arena = arena_new(MIB(1));
    size_t count = 0;
    bool more = true;
    CHECK(roster_file_look(&source, &kind, NULL, NULL) == ERR_NONE);
    enum err e = roster_rows_open(&rows, &source, &kind);
    CHECK(e == ERR_NONE || rows.why[0] != '\0');
    while (e == ERR_NONE && more) {
        struct roster_entry entry;
        enum roster_problem problem = ROSTER_FINE;
        arena_reset(arena);
        e = roster_rows_next(&rows, arena, &entry, &problem, &more);
        CHECK(e == ERR_NONE || rows.why[0] != '\0');
        count += e == ERR_NONE && more;
    }
    roster_rows_close(&rows);
    arena_free(arena);
    return count;
}

struct pieces {
    const uint8_t *at;
    size_t left;
};

static enum err give(void *arg, void *bytes, size_t max, size_t *len)
{
    struct pieces *from = arg;
    *len = from->left < max ? from->left : max;
    *len = *len > 7 ? 7 : *len;
    memcpy(bytes, from->at, *len);
    from->at += *len;
    from->left -= *len;
    return ERR_NONE;
}

/* The same rows, or both refuse. */
static void compare(const uint8_t *bytes, size_t len)
{
    struct pieces from = {bytes, len};
    struct csv whole;
    struct csv_stream stream;
    bool more = true, stream_more = true;
    char *text = malloc(len + 1);
    CHECK(text != NULL);
    memcpy(text, bytes, len);
    if (csv_open(&whole, text, len) == ERR_NONE) {
        CHECK(csv_stream_open(&stream, give, &from, true) == ERR_NONE);
        while (more) {
            enum err e = csv_next(&whole, &more), streamed = csv_stream_next(&stream, &stream_more);
            CHECK(e == streamed);
            if (e != ERR_NONE)
                break;
            CHECK(more == stream_more && whole.count == stream.csv.count && whole.line == stream.csv.line);
            for (size_t i = 0; i < whole.count; i++)
                CHECK(strcmp(whole.cells[i], stream.csv.cells[i]) == 0);
        }
        csv_stream_close(&stream);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char sheet[] = "<worksheet><row><c t=\"s\"><v>0</v></c></row></worksheet>", strings[] = "<sst/>";
    if (len == 0 || len > KIB(128))
        return 0;
    crypt_start();
    struct buf book;
    buf_init(&book, MIB(2));
    switch (bytes[0] % 3) {
    case 0:
        read_all(bytes + 1, len - 1);
        compare(bytes + 1, len - 1);
        break;
    case 1:
        book_build(&book, sheet, bytes + 1, len - 1, strings, sizeof strings - 1);
        read_all(book.bytes, book.len);
        break;
    default:
        book_build(&book, sheet, sheet, sizeof sheet - 1, bytes + 1, len - 1);
        read_all(book.bytes, book.len);
    }
    buf_release(&book);
    return 0;
}
