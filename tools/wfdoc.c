/* wfdoc — keeps what is written down about the tables equal to the tables.
 *
 *   wfdoc             writes anew: the blocks between "<!-- generated: NAME -->" and "<!-- end NAME -->" in README.md
 *                     (workflow: the diagram) and server/CONFIGURATION.md (config: the knobs), and
 *                     tests/golden/workflow.md (every row)
 *   wfdoc --check     writes nothing; exit 1 and one line per stale file
 *
 * Runs in the root of the repository. Exit 2: wrong usage, 3: a file or a marker is missing. */
#include "workflow/workflow.h"

#include <errno.h>

#define DOCUMENT_BYTES_MAX MIB(1)

static void die(const char *what, const char *which)
{
    fprintf(stderr, "wfdoc: %s: %s\n", what, which);
    exit(3);
}

static void read_document(const char *path, struct buf *into)
{
    char chunk[4096];
    size_t len;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        die(strerror(errno), path);
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_add(into, chunk, len);
    if (ferror(file) || into->over)
        die("cannot be read", path);
    fclose(file);
}

static void write_document(const char *path, struct buf *content)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(content->bytes, 1, content->len, file) != content->len || fclose(file) != 0)
        die(strerror(errno), path);
}

/* ---- blocks ---- */

static void write_diagram(struct buf *b)
{
    buf_text(b, "```mermaid\n");
    wf_write_mermaid(b);
    buf_text(b, "```\n");
}

static void write_knob(struct buf *b, const char *name, const char *otherwise, const char *range, const char *unit,
                       const char *sentence)
{
    buf_printf(b, "| `%s` | %s | %s | %s | %s |\n", name, otherwise, range, unit, sentence);
}

static void knob_TEXT(struct buf *b, const char *name, const char *otherwise, const char *unit, const char *sentence)
{
    char quoted[128] = "";
    if (otherwise[0] != '\0')
        snprintf(quoted, sizeof quoted, "`%s`", otherwise);
    write_knob(b, name, quoted, "", unit, sentence);
}

static void knob_INT(struct buf *b, const char *name, int64_t otherwise, int64_t min, int64_t max, const char *unit,
                     const char *sentence)
{
    char value[32], range[64];
    snprintf(value, sizeof value, "%" PRId64, otherwise);
    snprintf(range, sizeof range, "%" PRId64 "–%" PRId64, min, max);
    write_knob(b, name, value, range, unit, sentence);
}

static void write_config(struct buf *b)
{
    buf_text(b, "| name | default | range | unit | what |\n|---|---|---|---|---|\n");
#define KNOB_TEXT(name, otherwise, min, max, unit, sentence)  knob_TEXT(b, name, otherwise, unit, sentence);
#define KNOB_INT(name, otherwise, min, max, unit, sentence)   knob_INT(b, name, otherwise, min, max, unit, sentence);
#define KNOB_FLAG                                             KNOB_INT
#define KNOB(name, kind, otherwise, min, max, unit, sentence) KNOB_##kind(#name, otherwise, min, max, unit, sentence)
#include "config.def"
#undef KNOB
}

static void write_table(struct buf *b)
{
    buf_text(b,
             "# Every permitted move of a submission\n\nWritten by tools/wfdoc from server/workflow/workflow.def. The "
             "first row that matches wins.\n\n");
    wf_write_markdown(b);
}

/* ---- documents ---- */

struct block {
    const char *document, *name; /* name NULL: the whole document */
    void (*write)(struct buf *b);
};
static const struct block blocks[] = {
    {"README.md", "workflow", write_diagram},
    {"server/CONFIGURATION.md", "config", write_config},
    {"tests/golden/workflow.md", NULL, write_table},
};

/* What the document should be, given what it is. */
static void renew(const struct block *block, struct buf *is, struct buf *should)
{
    if (block->name == NULL) {
        block->write(should);
        return;
    }
    char begin[64], end[64];
    snprintf(begin, sizeof begin, "<!-- generated: %s -->\n", block->name);
    snprintf(end, sizeof end, "<!-- end %s -->", block->name);
    const char *text = buf_cstr(is), *from = strstr(text, begin), *to = from == NULL ? NULL : strstr(from, end);
    if (to == NULL)
        die("a document has no such marker", begin);
    buf_add(should, text, (size_t)(from - text) + strlen(begin));
    block->write(should);
    buf_text(should, to);
}

static bool is_stale(const struct block *block, bool check)
{
    struct buf is, should;
    buf_init(&is, DOCUMENT_BYTES_MAX);
    buf_init(&should, DOCUMENT_BYTES_MAX);
    read_document(block->document, &is);
    renew(block, &is, &should);
    if (should.over)
        die("too large", block->document);
    bool stale = is.len != should.len || memcmp(is.bytes, should.bytes, is.len) != 0;
    if (stale && !check)
        write_document(block->document, &should);
    if (stale)
        fprintf(stderr, "wfdoc: %s: %s%s\n", block->document, block->name != NULL ? block->name : "all of it",
                check ? " is stale: run tools/dev docs" : " written");
    buf_release(&is);
    buf_release(&should);
    return stale;
}

int main(int argc, char **argv)
{
    bool check = argc == 2 && strcmp(argv[1], "--check") == 0;
    if (argc > 2 || (argc == 2 && !check)) {
        fprintf(stderr, "usage: wfdoc [--check], in the root of the repository\n");
        return 2;
    }
    int stale = 0;
    for (size_t i = 0; i < countof(blocks); i++)
        stale += is_stale(&blocks[i], check);
    return check && stale > 0 ? 1 : 0;
}
