#include "bench_server.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli.h"
#include "store/account.h"
#include "store/capture_session.h"
#include "store/payment.h"
#include "store/queries.h"
#include "store/student.h"
#include "store/submission.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED_BATCH    500
#define ARGUMENTS_MAX 24

/* ---- seeding ---- */

struct seed_job {
    struct bench_server *server;
    size_t from, to;
    const char *session_id;
    int64_t now_us, price_fen;
    const char *policy;
};

static enum err seed_session(struct tx *tx, void *job)
{
    struct seed_job *j = job;
    struct session_new s = {.id = j->session_id,
                            .school_id = j->session_id,
                            .code = "20260001",
                            .name = "bench",
                            .school_code = "00000",
                            .school_name = "bench",
                            .opens_us = 1,
                            .closes_us = j->now_us + SECONDS_US(86400) * 365,
                            .policy_json = j->policy,
                            .changed_by = "bench",
                            .now_us = j->now_us};
    return session_add(tx, &s);
}

static enum err seed_order(struct tx *tx, const struct seed_job *j, struct bench_student *b)
{
    struct payment payment;
    bool made;
    crypt_id(j->now_us, b->payment_id);
    const struct payment_wish wish = {b->submission_id, "jsapi", b->payment_id, j->now_us};
    TRY(payment_start(tx, &wish, &payment, &made));
    return payment_prepaid(tx, b->payment_id, b->payment_id);
}

static enum err seed_students(struct tx *tx, void *job)
{
    struct seed_job *j = job;
    for (size_t i = j->from; i < j->to; i++) {
        struct bench_student *b = &j->server->students[i];
        char hash[CRYPT_HASH_TEXT_BYTES];
        const char *id = NULL;
        TRY(student_of_openid(tx, b->id, b->id, "zh", j->now_us, &id));
        crypt_hash_text(b->token, hash);
        TRY(login_add(tx, hash, b->id, true, j->now_us, j->now_us + SECONDS_US(86400)));
        struct submission s = {.id = b->submission_id,
                               .code = "BENCH2-2",
                               .session_id = j->session_id,
                               .student_id = b->id,
                               .price_fen = j->price_fen,
                               .created_us = j->now_us};
        TRY(submission_add(tx, &s));
        if (j->price_fen > 0)
            TRY(seed_order(tx, j, b));
    }
    return ERR_NONE;
}

static bool seed_all(struct cli *cli, struct bench_server *server, int64_t price_fen)
{
    char session_id[CRYPT_ID_TEXT_BYTES];
    struct policy policy;
    struct buf b;
    struct seed_job job = {
        .server = server, .session_id = session_id, .now_us = clock_utc_us(), .price_fen = price_fen};
    crypt_id(job.now_us, session_id);
    policy_default(&policy);
    policy.payment = price_fen > 0 ? "before" : policy.payment;
    policy.price_fen = price_fen;
    buf_init(&b, KIB(8));
    policy_write(&policy, &b);
    job.policy = buf_cstr(&b);
    enum err e = store_run(cli->store, STORE_WRITE, seed_session, &job);
    for (size_t i = 0; i < server->student_count; i++) {
        crypt_id(job.now_us, server->students[i].id);
        crypt_id(job.now_us, server->students[i].submission_id);
        crypt_token(server->students[i].token);
    }
    for (job.from = 0; e == ERR_NONE && job.from < server->student_count; job.from = job.to) {
        job.to = job.from + SEED_BATCH < server->student_count ? job.from + SEED_BATCH : server->student_count;
        e = store_run(cli->store, STORE_WRITE, seed_students, &job);
    }
    buf_release(&b);
    return e == ERR_NONE;
}

/* The schema first, then the store as any command opens it. */
bool bench_open_data(struct cli *cli, const char *folder)
{
    char option[300], database[300], name[] = "bench", why[256];
    struct migrate_report report;
    snprintf(option, sizeof option, "%s/data", folder);
    snprintf(database, sizeof database, "%s/data/xueying.db", folder);
    if (mkdir(option, 0700) != 0 ||
        migrate_apply(database, store_migrations, store_migration_count, &report, why) != ERR_NONE)
        return false;
    snprintf(option, sizeof option, "--data_directory=%s/data", folder);
    char *argv[] = {name, option, NULL};
    int argc = 2;
    return cli_open(cli, &argc, argv, "", CLI_CHANGE) == CLI_DONE;
}

bool bench_folder(struct bench_server *server)
{
    const char *base = getenv("TMPDIR");
    snprintf(server->folder, sizeof server->folder, "%s/xueying-bench-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(server->folder) != NULL;
}

bool bench_server_seed(struct bench_server *server, size_t students, int64_t price_fen)
{
    struct cli cli;
    *server = (struct bench_server){.student_count = students, .output_fd = -1};
    server->students = calloc(students + 1, sizeof *server->students);
    CHECK(server->students != NULL);
    bool good = bench_folder(server) && bench_open_data(&cli, server->folder) && seed_all(&cli, server, price_fen);
    cli_close(&cli);
    return good;
}

/* ---- processes ---- */

/* The path of a program beside this one. */
static void beside(const char *program, char path[4096])
{
    ssize_t len = readlink("/proc/self/exe", path, 3000);
    path[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(path, '/');
    snprintf(slash != NULL ? slash + 1 : path, 1000, "%s", program);
}

static bool spawn(const char *path, char *const *argv, int *pid, int *fd)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return false;
    fflush(stdout);
    *pid = fork();
    if (*pid == 0) {
        dup2(pipe_fds[1], STDOUT_FILENO);
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null >= 0 && getenv("BENCH_VERBOSE") == NULL)
            dup2(null, STDERR_FILENO);
        execv(path, argv);
        _exit(127);
    }
    close(pipe_fds[1]);
    *fd = pipe_fds[0];
    return *pid > 0;
}

/* Reads the child's output until a line with `mark`; the number behind it. Ends with the child. */
static bool wait_for_line(int fd, const char *mark, int64_t *number)
{
    char text[4096];
    size_t len = 0;
    while (len < sizeof text - 1) {
        ssize_t n = read(fd, text + len, sizeof text - 1 - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        text[len] = '\0';
        const char *at = strstr(text, mark);
        if (at != NULL && strchr(at, '\n') != NULL) {
            *number = strtoll(at + strlen(mark), NULL, 10);
            return true;
        }
    }
    return false;
}

bool bench_server_start(struct bench_server *server, const char *const *more)
{
    char path[4096], folder[300], program[] = "xueying", serve[] = "serve", port[] = "--listen_port=0";
    char *argv[ARGUMENTS_MAX] = {program, serve, folder, port};
    int64_t number = 0, before_us = clock_mono_us();
    snprintf(folder, sizeof folder, "--data_directory=%s/data", server->folder);
    for (size_t i = 0; more != NULL && more[i] != NULL && i + 5 < ARGUMENTS_MAX; i++)
        argv[4 + i] = (char *)(uintptr_t)more[i]; /* execv's signature; it does not change them */
    beside("xueying", path);
    if (!spawn(path, argv, &server->pid, &server->output_fd))
        return false;
    bool good = wait_for_line(server->output_fd, "listening on http://127.0.0.1:", &number);
    server->ready_ms = (clock_mono_us() - before_us) / 1000;
    server->port = (int)number;
    if (!good)
        bench_server_stop(server);
    return good;
}

static void stop(int *pid, int *fd)
{
    if (*pid > 0) {
        kill(*pid, SIGTERM);
        waitpid(*pid, NULL, 0);
    }
    if (*fd >= 0)
        close(*fd);
    *pid = 0;
    *fd = -1;
}

void bench_server_stop(struct bench_server *server)
{
    stop(&server->pid, &server->output_fd);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

void bench_server_remove(struct bench_server *server)
{
    nftw(server->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(server->students);
    server->students = NULL;
}

static int64_t memory_kib(int pid, const char *name)
{
    char path[64], line[256];
    int64_t kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (text_starts(line, name))
            kib = strtoll(line + strlen(name), NULL, 10);
    if (file != NULL)
        fclose(file);
    return kib;
}

int64_t bench_rss_kib(int pid)
{
    return memory_kib(pid, "VmRSS:");
}

int64_t bench_peak_kib(int pid)
{
    return memory_kib(pid, "VmHWM:");
}

bool bench_floor_start(const char *program, const char *const *arguments, int *pid, int *fd, int64_t *number)
{
    char path[4096];
    char *argv[ARGUMENTS_MAX] = {path};
    beside(program, path);
    for (size_t i = 0; arguments[i] != NULL && i + 2 < ARGUMENTS_MAX; i++)
        argv[1 + i] = (char *)(uintptr_t)arguments[i];
    *pid = 0;
    *fd = -1;
    if (access(path, X_OK) != 0 || !spawn(path, argv, pid, fd))
        return false;
    return wait_for_line(*fd, "ready ", number);
}

void bench_floor_stop(int pid, int fd)
{
    stop(&pid, &fd);
}

/* ---- rows ---- */

static void write_json(const struct bench_row *row, struct buf *b)
{
    json_object_open(b);
    json_put_text(b, "name", row->name);
    json_put_number(b, "ours", row->ours, 3);
    if (row->raw > 0) {
        json_put_number(b, "raw", row->raw, 3);
        json_put_number(b, "ratio", row->ours / row->raw, 4);
    }
    json_put_text(b, "unit", row->unit);
    if (row->goal > 0)
        json_put_number(b, "goal", row->goal, 3);
    json_object_close(b);
}

static bool row_good(const struct bench_row *row)
{
    if (row->goal == 0)
        return true;
    return row->raw > 0 ? row->ours / row->raw >= row->goal : row->ours <= row->goal;
}

void bench_add(struct bench_report *report, struct bench_row row)
{
    CHECK(report->count < BENCH_ROWS_MAX);
    report->rows[report->count++] = row;
    if (report->json)
        return;
    printf("%-18s %12.1f %-9s", row.name, row.ours, row.unit);
    if (row.raw > 0)
        printf("raw %12.1f  ratio %.3f", row.raw, row.ours / row.raw);
    if (row.goal > 0)
        printf("  goal %s %g: %s", row.raw > 0 ? "≥" : "≤", row.goal, row_good(&row) ? "met" : "MISSED");
    printf("\n");
    fflush(stdout);
}

void bench_end(const struct bench_report *report)
{
    if (!report->json)
        return;
    struct buf b;
    buf_init(&b, KIB(64));
    json_array_open(&b);
    for (size_t i = 0; i < report->count; i++)
        write_json(&report->rows[i], &b);
    json_array_close(&b);
    printf("%s\n", buf_cstr(&b));
    buf_release(&b);
}

bool bench_good(const struct bench_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (!row_good(&report->rows[i]))
            return false;
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double bench_median(double *values, size_t count)
{
    CHECK(count > 0);
    qsort(values, count, sizeof *values, by_value);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}
