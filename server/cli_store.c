/* cli_store — outbox list | replay, audit verify, key rotate. */
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli.h"
#include "store/audit.h"
#include "store/blob_row.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/reseal.h"

#define LIST_MAX         200
#define OUTPUT_BYTES_MAX MIB(1)
#define REWRAP_ROWS      100

/* ---- outbox ---- */

struct outbox_job {
    bool json;
    struct outbox_status status;
    struct buf rows; /* JSON objects, or lines */
    const char *id;
    int64_t now_us;
};

static void put_stuck(struct outbox_job *job, const struct rows *r)
{
    char created[CLOCK_TEXT_BYTES];
    clock_text(col_int(r, 6), created);
    if (!job->json) {
        buf_printf(&job->rows, "%-6s %-12s tries %-2" PRId64 " %s  %s  %s\n", col_text(r, 2), col_text(r, 1),
                   col_int(r, 5), created, col_text(r, 0), col_text(r, 4));
        return;
    }
    json_object_open(&job->rows);
    json_put_text(&job->rows, "id", col_text(r, 0));
    json_put_text(&job->rows, "kind", col_text(r, 1));
    json_put_text(&job->rows, "state", col_text(r, 2));
    json_put_text(&job->rows, "submission_id", col_text(r, 3));
    json_put_text(&job->rows, "outcome", col_text(r, 4));
    json_put_int(&job->rows, "tries", col_int(r, 5));
    json_put_time(&job->rows, "created", col_int(r, 6));
    json_object_close(&job->rows);
}

static enum err list_step(struct tx *tx, void *arg)
{
    struct outbox_job *job = arg;
    struct rows r;
    TRY(outbox_count(tx, &job->status));
    if (job->json)
        json_array_open(&job->rows);
    TRY(TX_OPEN(tx, &r, Q_OUTBOX_STUCK, v_int(LIST_MAX)));
    while (rows_next(&r))
        put_stuck(job, &r);
    if (job->json)
        json_array_close(&job->rows);
    return rows_close(&r);
}

static void print_outbox(struct outbox_job *job)
{
    const struct outbox_status *s = &job->status;
    if (!job->json) {
        printf("waiting %" PRId64 "  running %" PRId64 "  unknown %" PRId64 "  dead %" PRId64 "  parked %" PRId64
               "\n%s",
               s->waiting, s->running, s->unknown, s->dead, s->parked, buf_cstr(&job->rows));
        return;
    }
    printf("{\"waiting\":%" PRId64 ",\"running\":%" PRId64 ",\"unknown\":%" PRId64 ",\"dead\":%" PRId64
           ",\"parked\":%" PRId64 ",\"items\":%s}\n",
           s->waiting, s->running, s->unknown, s->dead, s->parked, buf_cstr(&job->rows));
}

static int outbox_list(int argc, char **argv)
{
    struct cli cli;
    struct outbox_job job = {0};
    int code = cli_open(&cli, &argc, argv, "json", CLI_LOOK);
    if (code == CLI_DONE) {
        job.json = cli_option(argc, argv, "json") != NULL;
        buf_init(&job.rows, OUTPUT_BYTES_MAX);
        enum err e = store_run(cli.store, STORE_READ, list_step, &job);
        if (e == ERR_NONE)
            print_outbox(&job);
        else
            code = cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
        buf_release(&job.rows);
    }
    cli_close(&cli);
    return code;
}

static enum err replay_step(struct tx *tx, void *arg)
{
    const struct outbox_job *job = arg;
    return outbox_replay(tx, job->id, job->now_us);
}

static int outbox_replay_one(int argc, char **argv)
{
    struct cli cli;
    struct outbox_job job = {.id = cli_word(argc, argv, 1), .now_us = clock_utc_us()};
    if (job.id == NULL)
        return cli_say(CLI_USAGE, "outbox replay ID");
    int code = cli_open(&cli, &argc, argv, "", CLI_CHANGE);
    if (code == CLI_DONE) {
        enum err e = store_run(cli.store, STORE_WRITE, replay_step, &job);
        if (e == ERR_NOT_FOUND)
            code = cli_say(CLI_FAILED, "%s is not a dead or parked row of the outbox", job.id);
        else if (e != ERR_NONE)
            code = cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
        else
            printf("%s is due now\n", job.id);
    }
    cli_close(&cli);
    return code;
}

int cli_outbox(int argc, char **argv)
{
    const char *what = cli_word(argc, argv, 0);
    if (text_is(what, "list"))
        return outbox_list(argc, argv);
    if (text_is(what, "replay"))
        return outbox_replay_one(argc, argv);
    return cli_say(CLI_USAGE, "outbox list [--json] | outbox replay ID");
}

/* ---- audit ---- */

struct audit_job {
    int64_t rows, bad;
};

static enum err verify_step(struct tx *tx, void *arg)
{
    struct audit_job *job = arg;
    return audit_verify(tx, &job->rows, &job->bad);
}

int cli_audit(int argc, char **argv)
{
    struct cli cli;
    struct audit_job job = {0};
    if (!text_is(cli_word(argc, argv, 0), "verify"))
        return cli_say(CLI_USAGE, "audit verify [--json]");
    int code = cli_open(&cli, &argc, argv, "json", CLI_LOOK);
    if (code == CLI_DONE) {
        enum err e = store_run(cli.store, STORE_READ, verify_step, &job);
        bool json = cli_option(argc, argv, "json") != NULL;
        if (e != ERR_NONE && e != ERR_CORRUPT)
            code = cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
        else if (json)
            printf("{\"ok\":%s,\"rows\":%" PRId64 ",\"bad\":%" PRId64 "}\n", e == ERR_NONE ? "true" : "false", job.rows,
                   job.bad);
        else if (e == ERR_NONE)
            printf("%" PRId64 " entries, unbroken\n", job.rows);
        if (e == ERR_CORRUPT)
            code = cli_say(CLI_FAILED, "entry %" PRId64 " was changed, or an entry before it is missing", job.bad);
    }
    cli_close(&cli);
    return code;
}

/* ---- key rotate: a new key, then small units; cut anywhere, `key rotate --resume` finishes it ---- */

struct rewrap {
    int64_t newest;
    size_t rewrapped; /* by the step */
};

static enum err rewrap_step(struct tx *tx, void *arg)
{
    struct rewrap *job = arg;
    struct blob_row *rows = ARENA_ARRAY(tx->arena, struct blob_row, REWRAP_ROWS);
    TRY(blob_row_stale(tx, job->newest, rows, REWRAP_ROWS, &job->rewrapped));
    for (size_t i = 0; i < job->rewrapped; i++) {
        struct blob_ref ref;
        TRY(blob_rewrap(store_ring(tx), rows[i].id, rows[i].sealed_key, rows[i].sealed_key_len, tx->arena, &ref));
        TRY(blob_row_rewrap(tx, &ref));
    }
    return ERR_NONE;
}

static enum err rewrap_all(struct cli *cli, int64_t *objects, int64_t *columns)
{
    struct rewrap job = {.newest = keyring_newest(cli->ring)};
    struct reseal_page page = {0};
    *objects = 0;
    do {
        TRY(store_run(cli->store, STORE_WRITE, rewrap_step, &job));
        *objects += (int64_t)job.rewrapped;
    } while (job.rewrapped == REWRAP_ROWS);
    while (!page.from.done) {
        TRY(store_run(cli->store, STORE_WRITE, reseal_step, &page));
        page.from = page.to;
    }
    *columns = page.from.resealed;
    return ERR_NONE;
}

int cli_key(int argc, char **argv)
{
    struct cli cli;
    if (!text_is(cli_word(argc, argv, 0), "rotate"))
        return cli_say(CLI_USAGE, "key rotate [--resume]");
    int code = cli_open(&cli, &argc, argv, "resume", CLI_CHANGE);
    if (code == CLI_DONE) {
        int64_t objects = 0, columns = 0;
        /* No unit is under way: nobody reads the keyring while it changes. */
        enum err e = cli_option(argc, argv, "resume") != NULL ? ERR_NONE : keyring_rotate(cli.ring);
        if (e == ERR_NONE)
            e = rewrap_all(&cli, &objects, &columns);
        if (e == ERR_NONE)
            printf("key %u: %" PRId64 " object keys re-wrapped, %" PRId64 " columns re-sealed\n",
                   keyring_newest(cli.ring), objects, columns);
        else
            code =
                cli_say(cli_code(e), "%s What was done stays done; old keys are kept; go on with: key rotate --resume",
                        err_title(e, LANGUAGE_EN));
    }
    cli_close(&cli);
    return code;
}
