/* cli_bench — `xueying bench [NAME] [--json]`: our speed as a ratio to the raw library doing the same work, both
 * measured in turns in one run (absolute numbers of a shared machine drift; ratios less). Names: poll, durable, idle,
 * start, pay, photo, face, code; size (a million rows), photo-checks (what each check catches), load [SECONDS
 * [PERCENT]] (everything at once, bench_mixed.h) and roster [ROWS [PERCENT]] (the same beside a school's list) only
 * when named. */
#include "base/log.h"
#include "base/text.h"
#include "bench_code.h"
#include "bench_face.h"
#include "bench_load.h"
#include "bench_mixed.h"
#include "bench_pay.h"
#include "bench_photo.h"
#include "bench_photo_checks.h"
#include "bench_server.h"
#include "cli_fill.h"

#include <sys/resource.h>
#include <unistd.h>

#define ROUNDS              5
#define POLL_CONNECTIONS    64
#define POLL_DURATION_US    SECONDS_US(2)
#define DURABLE_CONNECTIONS 64
#define DURABLE_PER_ROUND   3000
#define IDLE_CONNECTIONS    10000

/* What a measured server leaves out: the image worker and the stand-ins take no part in these paths. */
static const char *const lean[] = {"--worker=0", "--standin=0", "--limits_scale_percent=0", NULL};

static struct load_request text_request(struct arena *arena, const char *text)
{
    return (struct load_request){arena_text(arena, text), strlen(text)};
}

/* ---- poll: 304 and 200 against bare libh2o answering the same number of bytes ---- */

struct poll {
    struct arena *arena;
    struct load_request ours[POLL_CONNECTIONS], raw;
    bool use_raw;
};

static struct load_request poll_next(void *arg, int connection, int64_t n)
{
    struct poll *p = arg;
    (void)n;
    return p->use_raw ? p->raw : p->ours[connection];
}

/* One answer of ours, to learn its ETag and the size of its body. */
static bool poll_look(struct bench_server *server, struct arena *arena, size_t i, char etag[80], size_t *body_len)
{
    struct load_request request = text_request(
        arena, arena_printf(arena,
                            "GET /api/v1/submissions/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
                            "Connection: close\r\n\r\n",
                            server->students[i].submission_id, server->port, server->students[i].token));
    char answer[16384];
    size_t len = bench_fetch(server->port, request.bytes, answer, sizeof answer);
    const char *tag = strcasestr(answer, "\r\netag: "), *body = strstr(answer, "\r\n\r\n");
    if (len == 0 || tag == NULL || body == NULL || !text_starts(answer, "HTTP/1.1 200"))
        return false;
    snprintf(etag, 80, "%.*s", (int)strcspn(tag + 8, "\r"), tag + 8);
    *body_len = len - (size_t)(body + 4 - answer);
    return true;
}

static bool poll_prepare(struct bench_server *server, struct poll *p, bool match, size_t *body_len)
{
    for (size_t i = 0; i < POLL_CONNECTIONS; i++) {
        char etag[80] = "";
        if (!poll_look(server, p->arena, i, etag, body_len))
            return false;
        const char *condition = match ? arena_printf(p->arena, "If-None-Match: %s\r\n", etag) : "";
        p->ours[i] = text_request(p->arena, arena_printf(p->arena,
                                                         "GET /api/v1/submissions/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                                         "Authorization: Bearer %s\r\nAccept-Language: zh-CN\r\n%s\r\n",
                                                         server->students[i].submission_id, server->port,
                                                         server->students[i].token, condition));
    }
    /* The bare server gets a request of the same length. */
    p->raw = p->ours[0];
    return true;
}

static bool poll_round(struct poll *p, int port, bool raw, int status, double *per_s)
{
    struct load load = {.port = port,
                        .connections = POLL_CONNECTIONS,
                        .next = poll_next,
                        .arg = p,
                        .status = status,
                        .duration_us = POLL_DURATION_US};
    p->use_raw = raw;
    bool good = load_run(&load) && load.errors == 0 && load.answers > 0;
    if (!good)
        cli_say(CLI_FAILED, "poll: %" PRId64 " errors, first status %d", load.errors, load.first_error_status);
    *per_s = (double)load.answers * 1e6 / (double)load.elapsed_us;
    return good;
}

static bool poll_kind(struct bench_server *server, struct bench_report *report, const char *name, int status)
{
    struct poll p = {.arena = arena_new(MIB(8))};
    double ours[ROUNDS], raw[ROUNDS];
    size_t body_len = 0;
    int pid, fd;
    int64_t port = 0;
    bool good = poll_prepare(server, &p, status == 304, &body_len);
    const char *arguments[] = {arena_printf(p.arena, "%d", status), arena_printf(p.arena, "%zu", body_len), NULL};
    good = good && bench_floor_start("xueying-http-floor", arguments, &pid, &fd, &port);
    for (int i = 0; good && i < ROUNDS; i++)
        good =
            poll_round(&p, server->port, false, status, &ours[i]) && poll_round(&p, (int)port, true, status, &raw[i]);
    if (port != 0)
        bench_floor_stop(pid, fd);
    if (good)
        bench_add(report,
                  (struct bench_row){name, "req/s", bench_median(ours, ROUNDS), bench_median(raw, ROUNDS), 0.80});
    arena_free(p.arena);
    return good;
}

static bool bench_poll(struct bench_report *report)
{
    struct bench_server server;
    bool good = bench_server_seed(&server, POLL_CONNECTIONS, 0) && bench_server_start(&server, lean);
    good = good && poll_kind(&server, report, "poll_304", 304) && poll_kind(&server, report, "poll_200", 200);
    bench_server_stop(&server);
    bench_server_remove(&server);
    return good;
}

/* ---- durable: a transition through HTTP against SQLite writing the same rows, 64 a commit ----
 *
 * Without an Idempotency-Key, so that both sides write the same: submission, history, audit, outbox. */

struct durable {
    struct bench_server *server;
    struct load_request *requests;
    int64_t taken, until;
};

static struct load_request durable_next(void *arg, int connection, int64_t n)
{
    struct durable *d = arg;
    (void)connection, (void)n;
    if (d->taken >= d->until)
        return (struct load_request){NULL, 0};
    return d->requests[d->taken++];
}

static void durable_prepare(struct durable *d, struct arena *arena)
{
    size_t count = d->server->student_count;
    d->requests = ARENA_ARRAY(arena, struct load_request, count);
    for (size_t i = 0; i < count; i++) {
        const struct bench_student *s = &d->server->students[i];
        d->requests[i] =
            text_request(arena, arena_printf(arena,
                                             "POST /api/v1/submissions/%s/withdraw HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                             "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                                             "Content-Length: 13\r\n\r\n{\"version\":1}",
                                             s->submission_id, d->server->port, s->token));
    }
}

static bool durable_round(struct durable *d, double *per_s, double *p99_ms)
{
    struct load load = {
        .port = d->server->port, .connections = DURABLE_CONNECTIONS, .next = durable_next, .arg = d, .status = 200};
    d->until = d->taken + DURABLE_PER_ROUND;
    bool good = load_run(&load) && load.errors == 0;
    if (!good)
        cli_say(CLI_FAILED, "durable: %" PRId64 " errors, first status %d", load.errors, load.first_error_status);
    *per_s = (double)load.answers * 1e6 / (double)load.elapsed_us;
    *p99_ms = (double)load.p99_us / 1000;
    return good;
}

static bool bench_durable(struct bench_report *report)
{
    struct bench_server server;
    struct arena *arena = arena_new(MIB(64));
    double ours[ROUNDS], raw[ROUNDS], p99[ROUNDS];
    bool good = bench_server_seed(&server, (size_t)ROUNDS * DURABLE_PER_ROUND, 0) && bench_server_start(&server, lean);
    struct durable d = {.server = &server};
    if (good)
        durable_prepare(&d, arena);
    for (int i = 0; good && i < ROUNDS; i++) {
        int pid, fd;
        int64_t per_s = 0;
        const char *arguments[] = {server.folder, NULL};
        good = durable_round(&d, &ours[i], &p99[i]) &&
               bench_floor_start("xueying-sql-floor", arguments, &pid, &fd, &per_s);
        if (good)
            bench_floor_stop(pid, fd);
        raw[i] = (double)per_s;
    }
    if (good) {
        bench_add(report, (struct bench_row){"durable_http", "moves/s", bench_median(ours, ROUNDS),
                                             bench_median(raw, ROUNDS), 0.08});
        bench_add(report, (struct bench_row){"durable_p99", "ms", bench_median(p99, ROUNDS), 0, 25});
    }
    bench_server_stop(&server);
    bench_server_remove(&server);
    arena_free(arena);
    return good;
}

/* ---- idle: memory of ten thousand pollers that wait between polls ---- */

struct idle {
    struct poll poll;
    struct load_request once;
};

static struct load_request idle_next(void *arg, int connection, int64_t n)
{
    struct idle *idle = arg;
    (void)connection;
    return n == 0 ? idle->once : (struct load_request){NULL, 0};
}

static bool bench_idle(struct bench_report *report)
{
    struct bench_server server;
    struct idle idle = {.poll.arena = arena_new(MIB(8))};
    size_t body_len = 0;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    bool good = bench_server_seed(&server, POLL_CONNECTIONS, 0) && bench_server_start(&server, lean) &&
                poll_prepare(&server, &idle.poll, false, &body_len);
    struct load load = {.port = server.port,
                        .connections = IDLE_CONNECTIONS,
                        .next = idle_next,
                        .arg = &idle,
                        .status = 200,
                        .keep_open = true};
    if (good && files.rlim_max < IDLE_CONNECTIONS + 100) {
        cli_say(CLI_FAILED, "idle: this shell allows %llu open files, %d are needed",
                (unsigned long long)files.rlim_max, IDLE_CONNECTIONS + 100);
        good = false;
    }
    idle.once = idle.poll.ours[0];
    good = good && load_run(&load) && load.errors == 0 && load.answers == IDLE_CONNECTIONS;
    if (good)
        bench_add(report, (struct bench_row){"idle_rss", "MiB", (double)bench_rss_kib(server.pid) / 1024, 0, 300});
    load_close(&load);
    bench_server_stop(&server);
    bench_server_remove(&server);
    arena_free(idle.poll.arena);
    return good;
}

/* ---- start: from nothing to ready ---- */

static bool start_once(struct bench_server *server, const char *const *options, double *ms)
{
    bool good = bench_server_start(server, options);
    *ms = (double)server->ready_ms;
    bench_server_stop(server);
    return good;
}

static bool bench_start(struct bench_report *report)
{
    static const char *const with_worker[] = {"--standin=0", "--wait_for_worker=1", "--limits_scale_percent=0", NULL};
    struct bench_server server;
    double bare[ROUNDS], whole[ROUNDS];
    bool good = bench_server_seed(&server, 1, 0);
    for (int i = 0; good && i < ROUNDS; i++)
        good = start_once(&server, lean, &bare[i]) && start_once(&server, with_worker, &whole[i]);
    if (good) {
        bench_add(report, (struct bench_row){"start_bare", "ms", bench_median(bare, ROUNDS), 0, 1000});
        bench_add(report, (struct bench_row){"start_models", "ms", bench_median(whole, ROUNDS), 0, 4000});
    }
    bench_server_remove(&server);
    return good;
}

/* ---- size: a million submissions against ten thousand ---- */

#define SIZE_SMALL       10000
#define SIZE_LARGE       1000000
#define SIZE_CONNECTIONS 16

enum { SIZE_POLL, SIZE_QUEUE, SIZE_LIST, SIZE_PATHS };

struct size {
    struct arena *arena;
    struct load_request polls[FILL_PEOPLE_MAX], pages[SIZE_PATHS];
    size_t count;
    int path;
};

/* Every poll asks for another student's submission, so that the answer is read from the database. */
static struct load_request size_next(void *arg, int connection, int64_t n)
{
    struct size *s = arg;
    if (s->path != SIZE_POLL)
        return s->pages[s->path];
    return s->polls[((size_t)connection * 61 + (size_t)n) % s->count];
}

static void size_prepare(struct size *s, const struct fill_people *people)
{
    static const char *const paths[] = {"", "/api/v1/console/queue", "/api/v1/console/submissions?state=human_review"};
    s->count = people->count;
    for (size_t i = 0; i < people->count; i++)
        s->polls[i] = text_request(
            s->arena, arena_printf(s->arena,
                                   "GET /api/v1/submissions/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
                                   "%s\r\n\r\n",
                                   people->submission_ids[i], people->tokens[i]));
    for (int path = SIZE_QUEUE; path < SIZE_PATHS; path++)
        s->pages[path] =
            text_request(s->arena, arena_printf(s->arena, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: xy=%s\r\n\r\n",
                                                paths[path], people->staff_token));
}

static bool size_fill(struct bench_server *server, int64_t rows, struct fill_people *people)
{
    struct cli cli;
    *server = (struct bench_server){.output_fd = -1};
    bool good =
        bench_folder(server) && bench_open_data(&cli, server->folder) && fill_database(&cli, rows, people) == ERR_NONE;
    cli_close(&cli);
    return good;
}

/* p99 of each page over a database of so many rows. */
static bool size_measure(int64_t rows, double p99_ms[SIZE_PATHS])
{
    static const char *const options[] = {"--worker=0", "--standin=0", "--poll_cache_bytes_max=1048576",
                                          "--limits_scale_percent=0", NULL};
    static struct fill_people people;
    static struct size s;
    struct bench_server server;
    s = (struct size){.arena = arena_new(MIB(8))};
    bool good = size_fill(&server, rows, &people) && bench_server_start(&server, options);
    if (good)
        size_prepare(&s, &people);
    for (s.path = 0; good && s.path < SIZE_PATHS; s.path++) {
        struct load load = {.port = server.port,
                            .connections = SIZE_CONNECTIONS,
                            .next = size_next,
                            .arg = &s,
                            .status = 200,
                            .duration_us = POLL_DURATION_US};
        good = load_run(&load) && load.errors == 0;
        if (!good)
            cli_say(CLI_FAILED, "size: %" PRId64 " errors, first status %d", load.errors, load.first_error_status);
        p99_ms[s.path] = (double)load.p99_us / 1000;
    }
    bench_server_stop(&server);
    bench_server_remove(&server);
    arena_free(s.arena);
    return good;
}

static bool bench_size(struct bench_report *report)
{
    static const char *const names[] = {"size_poll_p99", "size_queue_p99", "size_list_p99"};
    double small[SIZE_PATHS], large[SIZE_PATHS];
    if (!size_measure(SIZE_SMALL, small) || !size_measure(SIZE_LARGE, large))
        return false;
    /* The ratio is small / large: a million rows may cost twice as much, not more. */
    for (int i = 0; i < SIZE_PATHS; i++)
        bench_add(report, (struct bench_row){names[i], "ms", small[i], large[i], 0.5});
    return true;
}

/* ---- the command ---- */

/* What is said behind the name; 0: nothing. */
static int64_t amount, percent;

static bool bench_load(struct bench_report *report)
{
    return bench_mixed(report, amount > 0 ? amount : 60, percent > 0 ? percent : 100);
}

static bool bench_roster(struct bench_report *report)
{
    return bench_mixed_roster(report, amount > 0 ? amount : 1000000, percent > 0 ? percent : 10);
}

static const struct {
    const char *name;
    bool (*run)(struct bench_report *report);
    bool only_by_name; /* takes minutes */
} benches[] = {
    {"poll", bench_poll, false},
    {"durable", bench_durable, false},
    {"idle", bench_idle, false},
    {"start", bench_start, false},
    {"pay", bench_pay, false},
    {"photo", bench_photo, false},
    {"face", bench_face, false},
    {"code", bench_code, false},
    {"size", bench_size, true},
    {"peers", bench_peers, true},
    {"load", bench_load, true},
    {"roster", bench_roster, true},
    {"photo-checks", bench_photo_checks, true},
};

int cli_bench(int argc, char **argv)
{
    struct cli cli;
    struct bench_report report = {.json = false};
    int code = cli_open(&cli, &argc, argv, "json", CLI_CONFIG);
    const char *name = cli_word(argc, argv, 0), *first = cli_word(argc, argv, 1), *second = cli_word(argc, argv, 2);
    if (code == CLI_DONE && ((first != NULL && (!text_int(first, &amount) || amount < 1)) ||
                             (second != NULL && (!text_int(second, &percent) || percent < 1))))
        code = cli_say(CLI_USAGE, "bench load [SECONDS [PERCENT]], bench roster [ROWS [PERCENT]]: numbers above 0");
    report.json = cli_option(argc, argv, "json") != NULL;
    log_open(STDERR_FILENO, LOG_WARN_LEVEL);
    size_t matched = 0;
    for (size_t i = 0; code == CLI_DONE && i < countof(benches); i++) {
        if (name != NULL ? !text_is(name, benches[i].name) : benches[i].only_by_name)
            continue;
        matched++;
        if (!benches[i].run(&report))
            code = cli_say(CLI_FAILED, "bench %s did not run to its end", benches[i].name);
    }
    if (code == CLI_DONE && matched == 0)
        code = cli_say(
            CLI_USAGE,
            "there is no bench \"%s\": poll durable idle start pay photo face code size photo-checks peers load "
            "roster",
            name);
    bench_end(&report);
    if (code == CLI_DONE && !bench_good(&report))
        code = cli_say(CLI_FAILED, "a goal was missed");
    cli_close(&cli);
    return code;
}
