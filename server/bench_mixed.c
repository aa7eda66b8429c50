#include "bench_mixed.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/role.h"
#include "base/text.h"
#include "bench_mixed_client.h"
#include "bench_roster.h"
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

#define ROSTER_PEAK_MAX_MIB 200.0
#define ROSTER_SECONDS_MAX  900

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
    struct fill_people *people;
    struct staff *staff;
    struct bench_roster *roster; /* NULL: none */
    int64_t uploads_begun, uploads_late, next_upload_us, upload_every_us;
    size_t next_uploader, pollers;
    double seconds; /* out: how long it went on */
};

static void poll_again(struct mixed *m, struct mixed_client *c)
{
    int len = snprintf(c->text, sizeof c->text,
                       "GET /api/v1/submissions/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                       "Authorization: Bearer %s\r\n%s%s%s\r\n",
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
    mixed_say(c, "POST", "/api/v1/uploads", m->people->tokens[c->index], body);
}

static void upload_answered(struct mixed *m, struct mixed_client *c)
{
    if (c->step == 0)
        mixed_member(c, "id", c->id);
    if (c->step == 2) {
        c->is_busy = false;
        m->run.kinds[MIXED_UPLOAD].done++;
        return;
    }
    size_t offset = c->step * MIXED_PART_BYTES;
    char path[128];
    snprintf(path, sizeof path, "/api/v1/uploads/%s", c->id);
    c->step++;
    c->expected = 200;
    mixed_say_part(c, path, m->people->tokens[c->index], offset, c->photo + offset, MIXED_PART_BYTES);
}

/* ---- reviewers: claim, details, decide ---- */

static void review_again(struct mixed *m, struct mixed_client *c, int64_t now_us)
{
    c->step = 0;
    c->begun_us = now_us;
    c->expected = 200;
    mixed_say(c, "POST", "/api/v1/console/claims", m->staff->tokens[c->index], "{\"lane\":\"green\",\"want\":1}");
}

static void review_answered(struct mixed *m, struct mixed_client *c, int64_t now_us)
{
    char path[160], body[512], claim_id[64], id[64], version[64];
    const char *token = m->staff->tokens[c->index];
    if (c->step == 0 && mixed_member(c, "claim_id", claim_id)[0] == '\0') { /* the queue is empty */
        m->run.kinds[MIXED_REVIEW].done++;
        mixed_wait_until(c, c->begun_us + REVIEW_EVERY_US);
        return;
    }
    switch (c->step++) {
    case 0:
        snprintf(c->id, sizeof c->id, "%s", mixed_member(c, "id", id));
        snprintf(c->claim_id, sizeof c->claim_id, "%s", claim_id);
        snprintf(c->version, sizeof c->version, "%s", mixed_member(c, "version", version));
        snprintf(path, sizeof path, "/api/v1/console/submissions/%s", c->id);
        mixed_say(c, "GET", path, token, "");
        return;
    case 1:
        snprintf(path, sizeof path, "/api/v1/console/submissions/%s/decision", c->id);
        snprintf(body, sizeof body,
                 "{\"claim_id\":\"%s\",\"version\":%s,\"event\":\"approve\",\"reasons\":[],\"note\":\"\","
                 "\"internal_note\":\"\",\"shown_ms\":2400}",
                 c->claim_id, c->version);
        mixed_say(c, "POST", path, token, body);
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
    else if (c->kind == MIXED_IMPORT)
        bench_roster_answered(m->roster, c, now_us);
    else
        review_answered(m, c, now_us);
}

static void due(struct mixed_run *run, struct mixed_client *c, int64_t now_us)
{
    struct mixed *m = container_of(run, struct mixed, run);
    if (c->kind == MIXED_POLL)
        poll_again(m, c);
    else if (c->kind == MIXED_IMPORT)
        bench_roster_due(m->roster, c, now_us);
    else
        review_again(m, c, now_us);
}

/* Uploads begin when the clock says, not when the server is ready for them. */
static void tick(struct mixed_run *run, int64_t now_us)
{
    struct mixed *m = container_of(run, struct mixed, run);
    if (m->roster != NULL)
        run->is_ending = m->roster->has_ended || run->kinds[MIXED_IMPORT].errors > 0;
    for (; m->next_upload_us <= now_us; m->next_upload_us += m->upload_every_us) {
        struct mixed_client *c = mixed_idle(run, MIXED_UPLOAD, &m->next_uploader);
        if (c == NULL)
            m->uploads_late++;
        else
            upload_begin(m, c);
    }
}

static bool run_all(struct mixed *m, int port, int64_t seconds)
{
    m->run.answered = answered;
    m->run.due = due;
    m->run.tick = tick;
    bool good = mixed_open(&m->run, port, MIXED_POLL, m->pollers) &&
                mixed_open(&m->run, port, MIXED_UPLOAD, UPLOADERS) &&
                mixed_open(&m->run, port, MIXED_REVIEW, REVIEWERS) &&
                (m->roster == NULL || mixed_open(&m->run, port, MIXED_IMPORT, 1));
    if (!good) {
        cli_say(CLI_FAILED, "load: could not connect");
        return false;
    }
    int64_t begun_us = clock_mono_us();
    m->next_upload_us = begun_us;
    mixed_start(&m->run, MIXED_POLL, POLL_INTERVAL_US);
    mixed_start(&m->run, MIXED_REVIEW, REVIEW_EVERY_US);
    mixed_start(&m->run, MIXED_IMPORT, 0);
    mixed_work(&m->run, SECONDS_US(seconds));
    m->seconds = (double)(clock_mono_us() - begun_us) / 1e6;
    mixed_close(&m->run);
    return true;
}

static bool report_kind(struct bench_report *report, struct mixed *m, enum mixed_kind kind, const char *const names[4],
                        double goal_ms, int64_t count)
{
    struct mixed_figures f;
    mixed_figures(&m->run, kind, &f);
    bench_add(report, (struct bench_row){names[0], "per s", (double)count / m->seconds, 0, 0});
    bench_add(report, (struct bench_row){names[1], "ms", (double)f.p50_us / 1000, 0, 0});
    bench_add(report, (struct bench_row){names[2], "ms", (double)f.p99_us / 1000, 0, goal_ms});
    bench_add(report, (struct bench_row){names[3], "ms", (double)f.worst_us / 1000, 0, 0});
    if (f.errors > 0)
        cli_say(CLI_FAILED, "load: %s: %" PRId64 " errors, the first: %s", names[0], f.errors, f.first_error);
    return f.errors == 0;
}

static bool report_all(struct bench_report *report, struct mixed *m, int pid)
{
    static const char *const poll[] = {"load_polls", "load_poll_p50", "load_poll_p99", "load_poll_max"};
    static const char *const upload[] = {"load_uploads", "load_upload_p50", "load_upload_p99", "load_upload_max"};
    static const char *const review[] = {"load_reviews", "load_review_p50", "load_review_p99", "load_review_max"};
    bool good =
        report_kind(report, m, MIXED_POLL, poll, POLL_P99_MAX_MS, (int64_t)m->run.kinds[MIXED_POLL].sample_count);
    good &= report_kind(report, m, MIXED_UPLOAD, upload, 0, m->run.kinds[MIXED_UPLOAD].done);
    good &= report_kind(report, m, MIXED_REVIEW, review, 0, m->run.kinds[MIXED_REVIEW].done);
    double peak_mib = (double)bench_peak_kib(pid) / 1024, goal_mib = m->roster != NULL ? ROSTER_PEAK_MAX_MIB : 0;
    bench_add(report, (struct bench_row){"load_rss_peak", "MiB", peak_mib, 0, goal_mib});
    if (m->uploads_late > 0)
        cli_say(CLI_FAILED, "load: %" PRId64 " uploads could not begin in time", m->uploads_late);
    return good && m->uploads_late == 0;
}

static int64_t share(int64_t whole, int64_t percent)
{
    return whole * percent > 100 ? whole * percent / 100 : 1;
}

static bool run_beside(struct bench_report *report, int64_t seconds, int64_t scale_percent, int64_t rows)
{
    static const char *const options[] = {"--worker=0", NULL};
    static struct fill_people people;
    static struct staff staff;
    static struct mixed m;
    struct bench_roster roster = {.rows = rows};
    struct bench_server server;
    m = (struct mixed){.people = &people, .staff = &staff, .roster = rows > 0 ? &roster : NULL};
    m.upload_every_us = 1000000 / share(UPLOADS_PER_S, scale_percent);
    bool good = make_data(&server, &people, &staff, share(POLLERS, scale_percent));
    m.pollers = (size_t)share(POLLERS, scale_percent);
    m.pollers = m.pollers < people.count ? m.pollers : people.count;
    if (rows > 0)
        bench_roster_make(&roster, rows, people.staff_token);
    good = good && bench_server_start(&server, options) && run_all(&m, server.port, seconds);
    if (good)
        good = report_all(report, &m, server.pid);
    if (good && rows > 0)
        good = bench_roster_report(&roster, m.run.kinds[MIXED_IMPORT].first_error, report);
    mixed_free(&m.run);
    bench_roster_free(&roster);
    bench_server_stop(&server);
    bench_server_remove(&server);
    return good;
}

bool bench_mixed(struct bench_report *report, int64_t seconds, int64_t scale_percent)
{
    return run_beside(report, seconds, scale_percent, 0);
}

bool bench_mixed_roster(struct bench_report *report, int64_t rows, int64_t scale_percent)
{
    return run_beside(report, ROSTER_SECONDS_MAX, scale_percent, rows);
}
