/* cli_serve — `xueying serve`: opens everything in order, waits for a signal, closes in reverse.
 *
 *   data directory and store → stand-ins → outside, dispatcher (with the image worker) → HTTP
 *
 * HTTP opens last, so the first request finds everything there; it closes first, so nothing new arrives while the rest
 * finishes what it has. SIGTERM and SIGINT stop; a second one ends at once. */
#include "api/api.h"
#include "api/hooks_pay.h"
#include "api/live.h"
#include "api/password.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli.h"
#include "dispatch/effects.h"
#include "serve_draw.h"
#include "serve_outside.h"
#include "serve_precheck.h"
#include "version.h"
#include "workers/profile.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define READY_WAIT_MS 30000

/* The one running server; read by callbacks that have no argument of their own. */
static struct serve {
    struct cli cli;
    struct dispatch *dispatch;
    _Atomic(struct server *) server;
    _Atomic(struct live *) live;
    _Atomic(struct dispatch *) waking; /* set while commits may wake the dispatcher */
    struct server *running;
    struct live *telling;
    atomic_bool stopping;
} serve;

static void announced(void *arg, const struct store_change *changes, size_t count)
{
    struct serve *s = arg;
    struct server *server = atomic_load(&s->server);
    struct dispatch *dispatch = atomic_load(&s->waking);
    struct live *live = atomic_load(&s->live);
    if (server != NULL)
        server_announce(server, changes, count);
    if (live != NULL)
        live_announce(live, changes, count);
    for (size_t i = 0; dispatch != NULL && i < count; i++)
        if (changes[i].topic == TOPIC_OUTBOX) {
            dispatch_wake(dispatch);
            break;
        }
}

/* ---- photo profiles as the API shows them ---- */

static bool profile_known(const char *name)
{
    return profile_named(name) != NULL;
}

static void put_window(struct buf *out, const char *min_name, const char *max_name, struct range range, int64_t scale)
{
    if (!range_is_set(range))
        return; /* this standard does not say */
    json_put_int(out, min_name, range.min * scale);
    json_put_int(out, max_name, range.max * scale);
}

/* The schema Profile: what people choose from, and what guides on a screen are drawn from. */
static void profile_members(struct buf *out, const struct profile *p)
{
    json_put_text(out, "zh", p->title_zh);
    json_put_text(out, "en", p->title_en);
    json_put_int(out, "width_px", p->width_px);
    json_put_int(out, "height_px", p->height_px);
    json_put_int(out, "dpi", p->dpi);
    json_name(out, "background");
    json_array_open(out);
    for (size_t i = 0; i < countof(p->background); i++)
        json_int(out, p->background[i]);
    json_array_close(out);
    put_window(out, "crown_min_px", "crown_max_px", p->crown_px, 1);
    put_window(out, "eye_min_px", "eye_max_px", p->eyes_px, 1);
    put_window(out, "face_width_min_px", "face_width_max_px", p->face_width_px, 1);
    put_window(out, "head_height_min_px", "head_height_max_px", p->head_height_px, 1);
    put_window(out, "chin_below_min_px", "chin_below_max_px", p->chin_below_px, 1);
    put_window(out, "size_bytes_min", "size_bytes_max", p->size_kb, 1024);
}

static void profile_write_named(const char *name, struct buf *out)
{
    const struct profile *p = profile_named(name);
    json_object_open(out);
    json_put_text(out, "name", name);
    if (p != NULL)
        profile_members(out, p);
    json_object_close(out);
}

static bool profile_write_at(size_t i, struct buf *out)
{
    const struct profile *p = profile_at(i);
    if (p != NULL)
        profile_write_named(p->name, out);
    return p != NULL;
}

/* ---- ready? ---- */

static bool disk_has_room(const char *directory)
{
    struct statvfs disk;
    return statvfs(directory, &disk) != 0 || disk.f_bavail * 50 >= disk.f_blocks; /* 2 % left */
}

static bool worker_ready(void)
{
    struct compute_stats stats = {0};
    struct compute *compute = serve.dispatch != NULL ? dispatch_compute(serve.dispatch) : NULL;
    if (compute == NULL)
        return serve.cli.config.worker == 0;
    compute_stats(compute, &stats);
    return stats.ready;
}

static bool ready(char words[64])
{
    bool stopping = atomic_load(&serve.stopping);
    bool worker = worker_ready();
    bool disk = disk_has_room(serve.cli.config.data_directory);
    snprintf(words, 64, "%s", stopping ? "stopping" : !disk ? "failing" : "starting");
    return !stopping && worker && disk;
}

static void worker_metrics(void *arg, struct buf *out)
{
    struct compute_stats w = {0};
    struct store_stats d;
    (void)arg;
    struct compute *compute = serve.dispatch != NULL ? dispatch_compute(serve.dispatch) : NULL;
    if (compute != NULL)
        compute_stats(compute, &w);
    store_stats(serve.cli.store, &d);
    buf_printf(out, "xueying_sandbox_ready %d\nxueying_sandbox_crashes_total %" PRId64 "\n", w.ready, w.crashes);
    buf_printf(out,
               "xueying_sandbox_jobs{state=\"running\"} %" PRId64 "\nxueying_sandbox_jobs{state=\"waiting\"} %" PRId64
               "\nxueying_sandbox_poison_total %" PRId64 "\n",
               w.in_flight, w.waiting, w.poison);
    buf_printf(out, "xueying_password_hashes_total %" PRId64 "\n", password_hashes());
    buf_printf(out,
               "xueying_db_commits_total %" PRIu64 "\nxueying_db_units_total %" PRIu64 "\nxueying_db_wal_bytes %" PRId64
               "\nxueying_build_info{version=\"%s\"} 1\n",
               d.commits, d.units, d.log_pages * 4096, XUEYING_VERSION);
    serve_precheck_metrics(out);
    hooks_pay_metrics(out);
    settle_metrics(out);
}

/* ---- opening and closing ---- */

static int start_dispatch(struct serve *s)
{
    static const struct executor *const executors[] = {compute_executors, outside_executors, NULL};
    char why[256];
    const struct config *c = &s->cli.config;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct compute_options compute = {
        .worker = {.worker_path = c->worker_program[0] != '\0' ? c->worker_program : NULL,
                   .models_folder = c->models_directory[0] != '\0' ? c->models_directory : NULL,
                   .threads = (int)(c->worker_threads > 0 ? c->worker_threads : cores),
                   .allow_heic = c->allow_heic != 0,
                   .allow_fault_jobs = c->worker_fault_jobs != 0},
        .queue_max = (size_t)c->worker_queue_max,
        .job_timeout_ms = c->worker_job_timeout_ms,
    };
    struct dispatch_options options = {.store = s->cli.store,
                                       .ring = s->cli.ring,
                                       .blobs = s->cli.blobs,
                                       .executors = executors,
                                       .compute = c->worker != 0 ? &compute : NULL,
                                       .lease_ms = c->outbox_lease_ms,
                                       .sweep_interval_ms = c->sweep_interval_ms,
                                       .batch_max = (size_t)c->outbox_batch_max,
                                       .retry_scale_percent = c->outbox_retry_scale_percent,
                                       .on_start = outside_on_start,
                                       .on_stop = outside_on_stop,
                                       .arg = serve_outside_new()};
    enum err e = dispatch_start(&options, &s->dispatch, why);
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "%s", why);
    atomic_store(&s->waking, s->dispatch);
    return CLI_DONE;
}

static int start_api(struct serve *s)
{
    char why[256];
    const struct config *c = &s->cli.config;
    struct api_context context = {.store = s->cli.store,
                                  .ring = s->cli.ring,
                                  .blobs = s->cli.blobs,
                                  .web_directory = c->web_directory,
                                  .upload_bytes_max = c->upload_bytes_max,
                                  .uploads_per_day_max = c->uploads_per_day_max,
                                  .upload_expire_ms = c->upload_expire_ms,
                                  .allow_heic = c->allow_heic != 0,
                                  .text_check = c->wechat_text_check != 0,
                                  .password_hashes_max = c->password_hashes_max,
                                  .undo_window_ms = c->undo_window_ms,
                                  .claim_lease_ms = c->claim_lease_ms,
                                  .claims_per_reviewer_max = c->claims_per_reviewer_max,
                                  .login_idle_ms = c->login_idle_ms,
                                  .login_absolute_ms = c->login_absolute_ms,
                                  .student_login_ms = c->student_login_ms,
                                  .idempotency_keep_ms = c->idempotency_keep_ms,
                                  .identity_tries_max = c->identity_tries_max,
                                  .session_wrong_tries_max = c->session_wrong_tries_max,
                                  .ready = ready,
                                  .profile_write = profile_write_named,
                                  .profile_known = profile_known,
                                  .profile_write_at = profile_write_at,
                                  .precheck = serve_precheck,
                                  .precheck_next_ms = serve_precheck_next_ms,
                                  .draw = serve_draw,
                                  .public_url = serve_public_url};
    serve_outside_hooks(&context);
    serve_precheck_open(s->dispatch, c->worker != 0 ? (size_t)c->precheck_in_flight_max : 0);
    serve_draw_open(s->dispatch);
    enum err e = api_start(&context, why);
    return e == ERR_NONE ? CLI_DONE : cli_say(cli_code(e), "%s", why);
}

static struct server_limits limits_of(const struct config *c)
{
    struct server_limits l = server_limits_default();
    l.connections_max = c->connections_max;
    l.connections_per_address_max = c->connections_per_address_max;
    l.request_timeout_ms = c->request_timeout_ms;
    l.stop_grace_ms = c->stop_grace_ms;
    l.upload_part_bytes_max = c->upload_part_bytes_max;
    l.lane_threads = c->lane_threads;
    l.lane_queue_max = c->lane_queue_max;
    l.poll_wait_s_max = c->poll_wait_s_max > 0 ? c->poll_wait_s_max : 1;
    l.poll_cache_bytes_max = c->poll_cache_bytes_max;
    return l;
}

static int start_http(struct serve *s)
{
    char why[256];
    const struct config *c = &s->cli.config;
    struct server_options options = {.address = c->listen_address,
                                     .port = (int)c->listen_port,
                                     .loops = (int)c->loops,
                                     .tls_certificate = c->tls_certificate,
                                     .tls_key = c->tls_key,
                                     .trusted_proxies = c->trusted_proxies,
                                     .public_url = c->public_url,
                                     .web_directory = c->web_directory,
                                     .store = s->cli.store,
                                     .resolve = api_resolve,
                                     .seen = api_seen,
                                     .record_find = api_record_find,
                                     .record_put = api_record_put,
                                     .snapshot = api_snapshot,
                                     .metrics = worker_metrics,
                                     .limits = limits_of(c)};
    options.routes = api_routes(&options.route_count);
    options.limit_rules = api_limits(&options.limit_rule_count);
    options.limits_scale_percent = c->limits_scale_percent;
    enum err e = server_start(&options, &s->running, why);
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "%s", why);
    atomic_store(&s->server, s->running);
    s->telling = live_start(s->running, s->cli.store);
    atomic_store(&s->live, s->telling);
    return CLI_DONE;
}

static void print_where(struct serve *s, int port)
{
    const char *scheme = s->cli.config.tls_certificate[0] != '\0' ? "https" : "http";
    printf("listening on %s://%s:%d\n", scheme, s->cli.config.listen_address, port);
    printf(
        "  console  %s://%s:%d/console/\n  student  %s://%s:%d/student/\n  API      %s://%s:%d/api/v1/openapi.yaml\n",
        scheme, s->cli.config.listen_address, port, scheme, s->cli.config.listen_address, port, scheme,
        s->cli.config.listen_address, port);
    serve_outside_print();
    fflush(stdout);
}

static void wait_for_worker(void)
{
    struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < READY_WAIT_MS / 5 && !worker_ready(); i++)
        nanosleep(&pause, NULL);
}

/* Pages lie in the checkout, the program in its build folder. */
static void find_web(struct serve *s)
{
    char self[4096] = "";
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = len > 0 ? strrchr(self, '/') : NULL;
    if (s->cli.config.web_directory[0] != '\0' || slash == NULL)
        return;
    *slash = '\0';
    s->cli.config.web_directory = arena_printf(s->cli.arena, "%s/../web", self);
}

static int start_all(struct serve *s)
{
    find_web(s);
    int code = cli_open_data(&s->cli, CLI_CHANGE, announced, s);
    if (code == CLI_DONE)
        code = serve_outside_open(&s->cli.config, s->cli.arena);
    if (code == CLI_DONE)
        serve_outside_set_port(&s->cli.config, (int)s->cli.config.listen_port);
    if (code == CLI_DONE)
        code = start_dispatch(s);
    if (code == CLI_DONE && s->cli.config.wait_for_worker != 0)
        wait_for_worker();
    if (code == CLI_DONE)
        code = start_api(s);
    if (code == CLI_DONE)
        code = start_http(s);
    if (code == CLI_DONE) {
        serve_outside_set_port(&s->cli.config,
                               server_port(s->running)); /* nobody knows the port before it is printed */
        serve_draw_set_port(&s->cli.config, server_port(s->running));
        print_where(s, server_port(s->running));
    }
    return code;
}

static void stop_all(struct serve *s)
{
    atomic_store(&s->stopping, true);
    atomic_store(&s->live, NULL);
    live_stop(s->telling);
    if (s->running != NULL)
        server_stop(s->running);
    atomic_store(&s->server, NULL);
    atomic_store(&s->waking, NULL);
    if (s->dispatch != NULL)
        dispatch_stop(s->dispatch);
    s->dispatch = NULL;
    serve_precheck_close();
    serve_draw_close();
    serve_outside_close();
    store_close(s->cli.store);
    s->cli.store = NULL;
    live_free(s->telling);
    server_free(s->running);
    api_stop();
    cli_close(&s->cli);
}

static void raise_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    struct rlimit core = {0, 0};
    setrlimit(RLIMIT_CORE, &core); /* keys and photos do not go into core files */
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
}

int cli_serve(int argc, char **argv)
{
    sigset_t signals;
    int code = cli_open(&serve.cli, &argc, argv, "", CLI_CONFIG), caught = 0;
    if (code != CLI_DONE) {
        cli_close(&serve.cli);
        return code;
    }
    raise_limits();
    /* Blocked before any thread is made, so that only this one receives them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    code = start_all(&serve);
    if (code == CLI_DONE) {
        LOG(INFO, "serve.started", "version=%s boot=%s", XUEYING_VERSION, serve.cli.boot_id);
        sigwait(&signals, &caught);
        LOG(INFO, "serve.stopping", "signal=%d", caught);
        pthread_sigmask(SIG_UNBLOCK, &signals, NULL); /* a second signal ends at once */
    }
    stop_all(&serve);
    LOG(INFO, "serve.stopped", "code=%d", code);
    return code;
}
