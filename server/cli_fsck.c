/* cli_fsck — xueying fsck [--quick] [--json]: the invariants of all stored data (reliability: I1, I2, I6–I11).
 *
 * Rows by the steps of store/fsck.h; objects here: each row's file is opened and its hash compared (--quick: only that
 * it is there), each file must have a row or be younger than an hour. Beside a running server nothing is reported that
 * has merely changed meanwhile: a suspect object is looked up a second time. */
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli.h"
#include "store/blob_row.h"
#include "store/fsck.h"
#include "store/queries.h"
#include "store/reseal.h"

#define GRACE_US         SECONDS_US(3600)
#define PAGE_ROWS        100
#define OUTPUT_BYTES_MAX MIB(1)

struct run {
    struct cli *cli;
    struct fsck fsck;
    bool quick;

    /* one page of object rows, copied out of the unit */
    struct arena *arena;
    struct blob_row rows[PAGE_ROWS];
    size_t count;
    const char *id; /* of the row looked up a second time, or of a file */
    bool there;
};

static enum err in_store(struct run *run, store_step *step, void *job)
{
    return store_run(run->cli->store, STORE_READ, step, job);
}

static enum err all_pages(struct run *run, store_step *step)
{
    struct fsck *f = &run->fsck;
    f->after[0] = '\0';
    f->done = false;
    while (!f->done)
        TRY(in_store(run, step, f));
    return ERR_NONE;
}

/* ---- objects against files ---- */

static enum err page_step(struct tx *tx, void *job)
{
    struct run *run = job;
    TRY(blob_row_list(tx, run->id, run->rows, PAGE_ROWS, &run->count));
    for (size_t i = 0; i < run->count; i++) {
        struct blob_row *row = &run->rows[i];
        row->id = arena_text(run->arena, row->id);
        row->content_hash = arena_text(run->arena, row->content_hash);
        row->sealed_key = arena_copy(run->arena, row->sealed_key, row->sealed_key_len);
    }
    return ERR_NONE;
}

/* Whether the row is there and not erased. */
static enum err again_step(struct tx *tx, void *job)
{
    struct run *run = job;
    struct blob_row row;
    enum err e = blob_row_get(tx, run->id, &row);
    run->there = e == ERR_NONE;
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* Whether there is a row, erased or not. */
static enum err any_step(struct tx *tx, void *job)
{
    struct run *run = job;
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_FSCK_BLOB_HAS, v_text(run->id)));
    run->there = rows_next(&r);
    return rows_close(&r);
}

static enum err open_object(struct run *run, const struct blob_row *row, const char **fault)
{
    void *bytes = NULL;
    size_t len = 0;
    char hash[BLOB_SHA256_TEXT_BYTES];
    *fault = NULL;
    enum err e = blob_get(run->cli->blobs, row->id, row->sealed_key, row->sealed_key_len, &bytes, &len);
    if (e == ERR_NOT_FOUND)
        *fault = "has no file";
    else if (e == ERR_CORRUPT)
        *fault = "does not open";
    else if (e != ERR_NONE)
        return e;
    else
        blob_content_hash(run->cli->blobs, bytes, len, hash);
    if (e == ERR_NONE && ((int64_t)len != row->size_bytes || !text_is(hash, row->content_hash)))
        *fault = "holds other bytes";
    free(bytes);
    return ERR_NONE;
}

static enum err check_object(struct run *run, const struct blob_row *row)
{
    const char *fault;
    TRY(open_object(run, row, &fault));
    run->fsck.results[FSCK_objects].looked_at++;
    if (fault == NULL)
        return ERR_NONE;
    run->id = row->id;
    TRY(in_store(run, again_step, run));
    if (run->there)
        fsck_problem(&run->fsck, FSCK_objects, "%s %s", row->id, fault);
    return ERR_NONE;
}

static enum err check_objects(struct run *run)
{
    char after[64] = "";
    do {
        arena_reset(run->arena);
        run->id = after;
        TRY(in_store(run, page_step, run));
        for (size_t i = 0; i < run->count; i++)
            if (run->rows[i].erased_us == 0)
                TRY(check_object(run, &run->rows[i]));
        if (run->count > 0)
            snprintf(after, sizeof after, "%s", run->rows[run->count - 1].id);
    } while (run->count == PAGE_ROWS);
    return ERR_NONE;
}

static enum err check_file(void *arg, const char *id, const char *name, int64_t modified_us, int64_t size_bytes)
{
    (void)size_bytes;
    struct run *run = arg;
    run->fsck.results[FSCK_files].looked_at++;
    if (modified_us + GRACE_US > run->fsck.now_us)
        return ERR_NONE;
    run->there = false;
    run->id = id;
    if (id != NULL)
        TRY(in_store(run, any_step, run));
    if (!run->there)
        fsck_problem(&run->fsck, FSCK_files, "%s %s", name, id != NULL ? "has no row" : "is left over");
    return ERR_NONE;
}

static enum err check_columns(struct run *run)
{
    struct reseal_page page = {0};
    while (!page.from.done) {
        TRY(in_store(run, reseal_verify, &page));
        page.from = page.to;
    }
    run->fsck.results[FSCK_columns].looked_at = page.from.looked_at;
    if (page.from.unreadable > 0)
        fsck_problem(&run->fsck, FSCK_columns, "%" PRId64 " do not open, first %s", page.from.unreadable,
                     page.from.bad);
    return ERR_NONE;
}

static enum err check_all(struct run *run)
{
    TRY(in_store(run, fsck_database, &run->fsck));
    TRY(all_pages(run, fsck_submissions));
    TRY(all_pages(run, fsck_outbox_rows));
    TRY(all_pages(run, fsck_payments));
    TRY(all_pages(run, fsck_roster_rows));
    TRY(in_store(run, fsck_rosters, &run->fsck));
    TRY(in_store(run, fsck_totals, &run->fsck));
    TRY(in_store(run, fsck_audit_chain, &run->fsck));
    if (run->quick)
        return ERR_NONE;
    TRY(check_columns(run));
    TRY(check_objects(run));
    return blob_walk(run->cli->blobs, check_file, run);
}

/* ---- output ---- */

static int64_t count_problems(const struct run *run)
{
    int64_t problems = 0;
    for (size_t i = 0; i < FSCK_CHECK_COUNT; i++)
        problems += run->fsck.results[i].problems;
    return problems;
}

static size_t samples_of(const struct fsck_result *result)
{
    return result->problems < FSCK_SAMPLES_MAX ? (size_t)result->problems : FSCK_SAMPLES_MAX;
}

static void print_json(const struct run *run)
{
    struct buf b;
    buf_init(&b, OUTPUT_BYTES_MAX);
    json_object_open(&b);
    json_put_bool(&b, "ok", count_problems(run) == 0);
    json_put_int(&b, "problems", count_problems(run));
    json_put_bool(&b, "quick", run->quick);
    json_name(&b, "checks");
    json_array_open(&b);
    for (int i = 0; i < FSCK_CHECK_COUNT; i++) {
        const struct fsck_result *result = &run->fsck.results[i];
        json_object_open(&b);
        json_put_text(&b, "name", fsck_name((enum fsck_check)i));
        json_put_text(&b, "what", fsck_what((enum fsck_check)i));
        json_put_int(&b, "looked_at", result->looked_at);
        json_put_int(&b, "problems", result->problems);
        json_name(&b, "samples");
        json_array_open(&b);
        for (size_t k = 0; k < samples_of(result); k++)
            json_text(&b, result->samples[k]);
        json_array_close(&b);
        json_object_close(&b);
    }
    json_array_close(&b);
    json_object_close(&b);
    puts(buf_cstr(&b));
    buf_release(&b);
}

static void print_text(const struct run *run)
{
    for (int i = 0; i < FSCK_CHECK_COUNT; i++) {
        const struct fsck_result *result = &run->fsck.results[i];
        printf("%s %-10s %9" PRId64 "  %s\n", result->problems == 0 ? "ok  " : "FAIL", fsck_name((enum fsck_check)i),
               result->looked_at, fsck_what((enum fsck_check)i));
        for (size_t k = 0; k < samples_of(result); k++)
            printf("       %s\n", result->samples[k]);
        if (result->problems > FSCK_SAMPLES_MAX)
            printf("       … %" PRId64 " more\n", result->problems - FSCK_SAMPLES_MAX);
    }
}

int cli_fsck(int argc, char **argv)
{
    struct cli cli;
    int code = cli_open(&cli, &argc, argv, "json quick", CLI_LOOK);
    if (code == CLI_DONE) {
        struct run *run = ARENA_NEW(cli.arena, struct run);
        run->cli = &cli;
        run->fsck.now_us = clock_utc_us();
        run->quick = cli_option(argc, argv, "quick") != NULL;
        run->arena = arena_new(MIB(4));
        enum err e = check_all(run);
        int64_t problems = count_problems(run);
        if (e != ERR_NONE)
            code = cli_say(cli_code(e), "fsck could not finish: %s", err_title(e, LANGUAGE_EN));
        else if (cli_option(argc, argv, "json") != NULL)
            print_json(run);
        else
            print_text(run);
        if (e == ERR_NONE && problems > 0)
            code = cli_say(CLI_FAILED, "%" PRId64 " problems", problems);
        arena_free(run->arena);
    }
    cli_close(&cli);
    return code;
}
