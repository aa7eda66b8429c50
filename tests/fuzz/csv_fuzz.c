/* links: xy_base */
/* Every row of a file is read, its cells lie inside the text; written again by csv_put they are read back as they were
 * (but for the apostrophe that disarms formulas). */
#include "base/csv.h"

#include "base/check.h"

static void write_row(struct buf *b, const struct csv *csv)
{
    for (size_t i = 0; i < csv->count; i++)
        csv_put(b, csv->cells[i], i == 0);
    csv_end_row(b);
}

static void read_back(const struct csv *row)
{
    struct buf b;
    struct csv again;
    bool more;
    buf_init(&b, MIB(2));
    csv_begin(&b);
    write_row(&b, row);
    CHECK(!b.over);
    buf_char(&b, '\0');
    CHECK(csv_open(&again, b.bytes, b.len - 1) == ERR_NONE);
    CHECK(csv_next(&again, &more) == ERR_NONE);
    if (more) { /* a row of one empty cell is an empty line, and those are skipped */
        CHECK(again.count == row->count);
        for (size_t i = 0; i < row->count; i++) {
            const char *cell = again.cells[i];
            CHECK(strcmp(cell, row->cells[i]) == 0 || (cell[0] == '\'' && strcmp(cell + 1, row->cells[i]) == 0));
        }
    }
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct csv csv;
    bool more = true;
    char *text = malloc(len + 1);
    CHECK(text != NULL);
    if (len > 0)
        memcpy(text, bytes, len);
    if (csv_open(&csv, text, len) == ERR_NONE)
        while (csv_next(&csv, &more) == ERR_NONE && more) {
            CHECK(csv.count <= CSV_CELLS_MAX);
            for (size_t i = 0; i < csv.count; i++)
                CHECK(csv.cells[i] >= text && csv.cells[i] + strlen(csv.cells[i]) <= text + len);
            read_back(&csv);
            csv_cell(&csv, csv_column(&csv, "name"));
        }
    free(text);
    return 0;
}
