#include "bench_mixed.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/role.h"
#include "base/text.h"
#include "bench_mixed_client.h"
#include "cli.h"
#include "cli_fill.h"
#include "store/account.h"
#include "store/consent.h"
#include "store/session_find.h"

#define POLLERS          10000
#define POLL_INTERVAL_US SECONDS_US(5)
#define UPLOADS_PER_S    20
#define UPLOADERS        48
#define REVIEWERS        20
#define REVIEW_EVERY_US  2500000
#define ROWS_PER_POLLER  6 /* one of fifty waits for a reviewer, half of them green */
#define POLL_P99_MAX_MS  50.0

/* ---- the people ---- */

struct staff {
    char tokens[REVIEWERS][CRYPT_TOKEN_TEXT_BYTES], ids[REVIEWERS][CRYPT_ID_TEXT_BYTES];
    struct fill_people *people;
    int64_t now_us;
};

static enum err add_people(struct tx *tx, void *job)
{
    struct staff *s = job;
    char hash[CRYPT_HASH_TEXT_BYTES];
    for (size_t i = 0; i < REVIEWERS; i++) {
        const char *name = arena_printf(tx->arena, "reviewer-%zu", i);
        struct account account = {.id = s->ids[i],
                                  .name = name,
                                  .display_name = name,
                                  .password_hash = "-", /* nobody can log in with it */
                                  .roles = ROLE_REVIEWER};
        TRY(account_add(tx, &account, s->now_us));
        crypt_hash_text(s->tokens[i], hash);
        TRY(login_add(tx, hash, account.id, false, s->now_us, s->now_us + SECONDS_US(86400)));
    }
    for (size_t i = 0; i < s->people->count; i++) {
        struct login login;
        crypt_hash_text(s->people->tokens[i], hash);
        TRY(login_get(tx, hash, &login));
        TRY(consent_give(tx, arena_text(tx->arena, login.owner_id), "privacy", "1", s->now_us));
    }
    return ERR_NONE;
}

static bool make_data(struct bench_server *server, struct fill_people *people, struct staff *staff, int64_t pollers)
{
    struct cli cli;
    *server = (struct bench_server){.output_fd = -1};
    staff->people = people;
    staff->now_us = clock_utc_us();
    for (size_t i = 0; i < REVIEWERS; i++) {
        crypt_token(staff->tokens[i]);
        crypt_id(staff->now_us, staff->ids[i]);
    }
    bool good = bench_folder(server) && bench_open_data(&cli, server->folder) &&
                fill_database(&cli, pollers * ROWS_PER_POLLER, people) == ERR_NONE &&
                store_run(cli.store, STORE_WRITE, add_people, staff) == ERR_NONE;
    cli_close(&cli);
    return good;
}

/* ---- what is asked ---- */

struct mixed {
    struct mixed_run run;
    struct arena *arena;
    struct fill_people *people;
    struct staff *staff;
    int64_t uploads_begun, uploads_late, next_upload_us, upload_every_us;
    size_t next_uploader;
};

#define HEAD "Host: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"

/* A request with a JSON body, into the client's own memory. */
static void write_json(struct mixed_client *c, const char *method, const char *path, const char *token,
                       const char *body)
{
    int len = snprintf(c->text, sizeof c->text,
                       "%s %s HTTP/1.1\r\n" HEAD "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       method, path, token, strlen(body), body);
    CHECK(len > 0 && (size_t)len < sizeof c->text);
    mixed_send(c, c->text, (size_t)len, NULL, 0);
}

static void poll_again(struct mixed *m, struct mixed_client *c)
{
    int len = snprintf(c->text, sizeof c->text, "GET /api/v1/submissions/%s HTTP/1.1\r\n" HEAD "%s%s%s\r\n",
                       m->people->submission_ids[c->index], m->people->tokens[c->index],
                       c->etag[0] != '\0' ? "If-None-Match: " : "", c->etag, c->etag[0] != '\0' ? "\r\n" : "");
    CHECK(len > 0 && (size_t)len < sizeof c->text);
    c->expected = c->etag[0] != '\0' ? 304 : 200;
    mixed_send(c, c->text, (size_t)len, NULL, 0);
}

static void poll_answered(struct mixed_client *c, int64_t now_us)
{
    const char *tag = strcasestr(c->answer, "\r\netag: ");
    if (c->status == 200 && tag != NULL)
        snprintf(c->etag, sizeof c->etag, "%.*s", (int)strcspn(tag + 8, "\r"), tag + 8);
    mixed_wait_until(c, now_us + POLL_INTERVAL_US);
}

/* The value of "name":"…" in the answer; "" when absent. */
static const char *member(const struct mixed_client *c, const char *name, char value[64])
{
    char mark[32];
    snprintf(mark, sizeof mark, "\"%s\":", name);
    const char *at = strstr(c->answer, mark);
    at = at != NULL ? at + strlen(mark) : "";
    at += *at == '"';
    snprintf(value, 64, "%.*s", (int)strcspn(at, "\",}"), at);
    return value;
}

/* ---- uploads: announce, part, part ---- */

#define UPLOAD_BYTES (2 * MIXED_PART_BYTES)

static void upload_begin(struct mixed *m, struct mixed_client *c)
{
    unsigned char hash[32];
    char hex[65], body[256];
    c->index = (size_t)m->uploads_begun++ % m->people->count;
    memcpy(c->photo + 20, &m->uploads_begun, sizeof m->uploads_begun); /* no two the same */
    crypt_sha256(c->photo, UPLOAD_BYTES, hash);
    text_hex(hash, sizeof hash, hex);
    snprintf(body, sizeof body, "{\"purpose\":\"photo\",\"source\":\"live\",\"size_bytes\":%d,\"sha256\":\"%s\"}",
             (int)UPLOAD_BYTES, hex);
    c->step = 0;
    c->expected = 201;
    c->is_busy = true;
    write_json(c, "POST", "/api/v1/uploads", m->people->tokens[c->index], body);
}

static void upload_answered(struct mixed *m, struct mixed_client *c)
{
    if (c->step == 0)
        member(c, "id", c->id);
    if (c->step == 2) {
        c->is_busy = false;
        m->run.kinds[MIXED_UPLOAD].done++;
        return;
    }
    size_t offset = c->step * MIXED_PART_BYTES;
    int len = snprintf(c->text, sizeof c->text,
                       "PATCH /api/v1/uploads/%s HTTP/1.1\r\n" HEAD
                       "Content-Type: application/offset+octet-stream\r\nUpload-Offset: %zu\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       c->id, m->people->tokens[c->index], offset, (size_t)MIXED_PART_BYTES);
    c->step++;
    c->expected = 200;
    mixed_send(c, c->text, (size_t)len, c->photo + offset, MIXED_PART_BYTES);
}

/* ---- reviewers: claim, details, decide ---- */

static void review_again(struct mixed *m, struct mixed_client *c, int64_t now_us)
{
    c->step = 0;
    c->begun_us = now_us;
    c->expected = 200;
    write_json(c, "POST", "/api/v1/console/claims", m->staff->tokens[c->index], "{\"lane\":\"green\",\"want\":1}");
}

static void review_answered(struct mixed *m, struct mixed_client *c, int64_t now_us)
{
    char path[160], body[512], claim_id[64], id[64], version[64];
    const char *token = m->staff->tokens[c->index];
    if (c->step == 0 && member(c, "claim_id", claim_id)[0] == '\0') { /* the queue is empty */
        m->run.kinds[MIXED_REVIEW].done++;
        mixed_wait_until(c, c->begun_us + REVIEW_EVERY_US);
        return;
    }
    switch (c->step++) {
    case 0:
        snprintf(c->id, sizeof c->id, "%s", member(c, "id", id));
        snprintf(c->claim_id, sizeof c->claim_id, "%s", claim_id);
        snprintf(c->version, sizeof c->version, "%s", member(c, "version", version));
        snprintf(path, sizeof path, "/api/v1/console/submissions/%s", c->id);
        write_json(c, "GET", path, token, "");
        return;
    case 1:
        snprintf(path, sizeof path, "/api/v1/console/submissions/%s/decision", c->id);
        snprintf(body, sizeof body,
                 "{\"claim_id\":\"%s\",\"version\":%s,\"event\":\"approve\",\"reasons\":[],\"note\":\"\","
                 "\"internal_note\":\"\",\"shown_ms\":2400}",
                 c->claim_id, c->version);
        write_json(c, "POST", path, token, body);
        return;
    default:
        m->run.kinds[MIXED_REVIEW].done++;
        mixed_wait_until(c, c->begun_us + REVIEW_EVERY_US > now_us ? c->begun_us + REVIEW_EVERY_US : now_us);
    }
}

/* ---- the run ---- */

static void answered(struct mixed_run *run, struct mixed_client *c, int64_t now_us)
{
    struct mixed *m = container_of(run, struct mixed, run);
    if (c->kind == MIXED_POLL)
        poll_answered(c, now_us);
    else if (c->kind == MIXED_UPLOAD)
        upload_answered(m, c);
    else
        review_answered(m, c, now_us);
}

static void due(struct mixed_run *run, struct mixed_client *c, int64_t now_us)
{
    struct mixed *m = container_of(run, struct mixed, run);
    if (c->kind == MIXED_POLL)
        poll_again(m, c);
    else
        review_again(m, c, now_us);
}

/* Uploads begin when the clock says, not when the server is ready for them. */
static void tick(struct mixed_run *run, int64_t now_us)
{
    struct mixed *m = container_of(run, struct mixed, run);
    for (; m->next_upload_us <= now_us; m->next_upload_us += m->upload_every_us) {
        struct mixed_client *c = mixed_idle(run, MIXED_UPLOAD, &m->next_uploader);
        if (c == NULL)
            m->uploads_late++;
        else
            upload_begin(m, c);
    }
}

static bool run_all(struct mixed *m, int port, int64_t seconds, int64_t pollers, int64_t uploads_per_s)
{
    m->run.answered = answered;
    m->run.due = due;
    m->run.tick = tick;
    bool good = mixed_open(&m->run, port, MIXED_POLL, (size_t)pollers) &&
                mixed_open(&m->run, port, MIXED_UPLOAD, UPLOADERS) &&
                mixed_open(&m->run, port, MIXED_REVIEW, REVIEWERS);
    if (!good) {
        cli_say(CLI_FAILED, "load: could not connect");
        return false;
    }
    m->upload_every_us = 1000000 / uploads_per_s;
    m->next_upload_us = clock_mono_us();
    mixed_start(&m->run, MIXED_POLL, POLL_INTERVAL_US);
    mixed_start(&m->run, MIXED_REVIEW, REVIEW_EVERY_US);
    mixed_work(&m->run, SECONDS_US(seconds));
    mixed_close(&m->run);
    return true;
}

static bool report_kind(struct bench_report *report, struct mixed *m, enum mixed_kind kind, const char *const names[3],
                        double goal_ms, double per_s)
{
    struct mixed_figures f;
    mixed_figures(&m->run, kind, &f);
    bench_add(report, (struct bench_row){names[0], "per s", per_s, 0, 0});
    bench_add(report, (struct bench_row){names[1], "ms", (double)f.p50_us / 1000, 0, 0});
    bench_add(report, (struct bench_row){names[2], "ms", (double)f.p99_us / 1000, 0, goal_ms});
    if (f.errors > 0)
        cli_say(CLI_FAILED, "load: %s: %" PRId64 " errors, the first: %s", names[0], f.errors, f.first_error);
    return f.errors == 0;
}

bool bench_mixed(struct bench_report *report, int64_t seconds, int64_t scale_percent)
{
    static const char *const options[] = {"--worker=0", NULL};
    static const char *const poll[] = {"load_polls", "load_poll_p50", "load_poll_p99"};
    static const char *const upload[] = {"load_uploads", "load_upload_p50", "load_upload_p99"};
    static const char *const review[] = {"load_reviews", "load_review_p50", "load_review_p99"};
    static struct fill_people people;
    static struct staff staff;
    static struct mixed m;
    struct bench_server server;
    int64_t pollers = POLLERS * scale_percent / 100, uploads_per_s = UPLOADS_PER_S * scale_percent / 100;
    m = (struct mixed){.people = &people, .staff = &staff};
    bool good = make_data(&server, &people, &staff, pollers > 0 ? pollers : 1);
    pollers = pollers < (int64_t)people.count ? pollers : (int64_t)people.count;
    good = good && bench_server_start(&server, options) &&
           run_all(&m, server.port, seconds, pollers, uploads_per_s > 0 ? uploads_per_s : 1);
    if (good) {
        const double s = (double)seconds;
        double polls = (double)m.run.kinds[MIXED_POLL].sample_count / s;
        good = report_kind(report, &m, MIXED_POLL, poll, POLL_P99_MAX_MS, polls);
        good &= report_kind(report, &m, MIXED_UPLOAD, upload, 0, (double)m.run.kinds[MIXED_UPLOAD].done / s);
        good &= report_kind(report, &m, MIXED_REVIEW, review, 0, (double)m.run.kinds[MIXED_REVIEW].done / s);
        bench_add(report, (struct bench_row){"load_rss", "MiB", (double)bench_rss_kib(server.pid) / 1024, 0, 0});
        if (m.uploads_late > 0)
            cli_say(CLI_FAILED, "load: %" PRId64 " uploads could not begin in time", m.uploads_late);
        good &= m.uploads_late == 0;
    }
    mixed_free(&m.run);
    bench_server_stop(&server);
    bench_server_remove(&server);
    return good;
}
