#include "dispatch/worker_client.h"

#include "base/clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKER_FD              3
#define PATH_BYTES             4096
#define ARGS_MAX               16
#define ENVIRONMENT_MAX        16
#define ENVIRONMENT_TEXT_BYTES 512
#define STOP_PATIENCE_MS       2000

/* All that is prepared before fork: between fork and exec only async-signal-safe calls are allowed. */
struct launch {
    char program[PATH_BYTES], models[PATH_BYTES];
    char numbers[4][24];
    char *args[ARGS_MAX];
    char environment_text[ENVIRONMENT_MAX][ENVIRONMENT_TEXT_BYTES];
    char *environment[ENVIRONMENT_MAX + 1];
    size_t arg_count, environment_count;
};

const char *worker_blas_core(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "Haswell";
#endif
    return NULL;
}

/* All that -march=x86-64-v3 may use. The builtins also know whether the system saves the wide registers; three features
 * they do not know in every compiler are read from the CPU itself. */
static bool has_level_v3(void)
{
#if defined(__x86_64__)
    unsigned a, b, c, d, features, more;
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi") ||
        !__builtin_cpu_supports("bmi2"))
        return false;
    if (!__get_cpuid(1, &a, &b, &features, &d) || !__get_cpuid(0x80000001, &a, &c, &more, &d))
        return false;
    return (features & bit_MOVBE) != 0 && (features & bit_F16C) != 0 && (more & bit_LZCNT) != 0;
#else
    return false;
#endif
}

/* "<folder of the running program>/<name>" */
static bool beside_program(const char *name, char path[PATH_BYTES])
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_BYTES - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    size_t room = PATH_BYTES - (size_t)(slash + 1 - path);
    return (size_t)snprintf(slash + 1, room, "%s", name) < room;
}

/* The worker built for this CPU's level, else the one for any. */
static bool find_worker(char path[PATH_BYTES])
{
    if (has_level_v3() && beside_program("xueying-worker-v3", path) && access(path, X_OK) == 0)
        return true;
    return beside_program("xueying-worker", path);
}

static void add_arg(struct launch *launch, const char *arg)
{
    launch->args[launch->arg_count++] = (char *)(uintptr_t)arg; /* execve's type predates const */
    launch->args[launch->arg_count] = NULL;
}

static void add_number(struct launch *launch, size_t slot, const char *name, int value)
{
    snprintf(launch->numbers[slot], sizeof launch->numbers[slot], "%d", value);
    add_arg(launch, name);
    add_arg(launch, launch->numbers[slot]);
}

static void add_variable(struct launch *launch, const char *name, const char *value)
{
    if (value == NULL || launch->environment_count == ENVIRONMENT_MAX)
        return;
    char *text = launch->environment_text[launch->environment_count];
    if ((size_t)snprintf(text, ENVIRONMENT_TEXT_BYTES, "%s=%s", name, value) >= ENVIRONMENT_TEXT_BYTES)
        return;
    launch->environment[launch->environment_count++] = text;
}

static void prepare_environment(struct launch *launch)
{
    /* An operator who set the kernel by hand knows why. */
    const char *core = getenv("OPENBLAS_CORETYPE");
    add_variable(launch, "OPENBLAS_CORETYPE", core != NULL ? core : worker_blas_core());
    add_variable(launch, "OPENBLAS_NUM_THREADS", "1");
    add_variable(launch, "OMP_NUM_THREADS", "1");
    add_variable(launch, "OMP_THREAD_LIMIT", "1"); /* tesseract asks for four by name */
    add_variable(launch, "VIPS_CONCURRENCY", "1");
    add_variable(launch, "PATH", "/usr/bin:/bin");
    add_variable(launch, "HOME", "/nonexistent"); /* no user's font or module folders */
    static const char *const passed[] = {"LANG",          "TZ",           "TESSDATA_PREFIX", "ASAN_OPTIONS",
                                         "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"};
    for (size_t i = 0; i < countof(passed); i++)
        add_variable(launch, passed[i], getenv(passed[i]));
}

static enum err prepare(const struct worker_spawn_options *options, struct launch *launch)
{
    memset(launch, 0, sizeof *launch);
    const char *models = options->models_folder != NULL ? options->models_folder : getenv("XUEYING_MODELS");
    if (options->worker_path == NULL && !find_worker(launch->program))
        return ERR_NOT_FOUND;
    if (models == NULL && !beside_program("models", launch->models))
        return ERR_NOT_FOUND;
    add_arg(launch, options->worker_path != NULL ? options->worker_path : launch->program);
    if (access(launch->args[0], X_OK) != 0)
        return ERR_NOT_FOUND;
    add_arg(launch, "--models");
    add_arg(launch, models != NULL ? models : launch->models);
    if (options->landmarks_path != NULL) {
        add_arg(launch, "--landmarks");
        add_arg(launch, options->landmarks_path);
    }
    add_number(launch, 0, "--threads", options->threads);
    if (options->job_wall_ms > 0)
        add_number(launch, 1, "--job-wall-ms", options->job_wall_ms);
    if (options->job_memory_mib > 0)
        add_number(launch, 2, "--job-memory-mib", options->job_memory_mib);
    if (options->allow_heic)
        add_arg(launch, "--allow-heic");
    if (options->allow_fault_jobs)
        add_arg(launch, "--allow-fault-jobs");
    prepare_environment(launch);
    return ERR_NONE;
}

/* In the child. Every descriptor but 0–3 is closed, so that nothing of the server leaks; signals are as at birth. */
_Noreturn static void become_worker(const struct launch *launch, int socket_fd, int null_fd)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    /* Through high numbers first: our ends may themselves be 0–3. */
    int socket_high = fcntl(socket_fd, F_DUPFD, 64), null_high = fcntl(null_fd, F_DUPFD, 64);
    if (socket_high < 0 || null_high < 0 || dup2(null_high, STDIN_FILENO) < 0 || dup2(null_high, STDOUT_FILENO) < 0 ||
        dup2(socket_high, WORKER_FD) < 0 || close_range(WORKER_FD + 1, ~0U, 0) != 0)
        _exit(126);
    execve(launch->args[0], launch->args, launch->environment);
    _exit(127);
}

static enum err fork_worker(const struct launch *launch, pid_t *pid, int *fd)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return ERR_STORAGE;
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_t child = null_fd < 0 ? -1 : fork();
    if (child == 0)
        become_worker(launch, ends[1], null_fd);
    if (null_fd >= 0)
        close(null_fd);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return ERR_STORAGE;
    }
    *pid = child;
    *fd = ends[0];
    return ERR_NONE;
}

enum err worker_spawn(const struct worker_spawn_options *options, pid_t *pid, int *fd)
{
    struct launch *launch = malloc(sizeof *launch); /* 16 KiB: too much for a small stack */
    if (launch == NULL)
        return ERR_STORAGE;
    enum err e = prepare(options, launch);
    if (e == ERR_NONE)
        e = fork_worker(launch, pid, fd);
    free(launch);
    return e;
}

enum err worker_client_start(struct worker_client *client, const struct worker_spawn_options *options)
{
    *client = (struct worker_client){.fd = -1};
    TRY(worker_spawn(options, &client->pid, &client->fd));
    enum err e = frame_receive(client->fd, &client->ready, WORKER_READY_TIMEOUT_MS);
    if (e == ERR_NONE && client->ready.type == FRAME_READY)
        return ERR_NONE;
    worker_client_stop(client, NULL);
    return ERR_WORKER;
}

enum err worker_client_submit(struct worker_client *client, const struct part *parts, size_t part_count,
                              uint64_t *job_id)
{
    struct frame frame = {.type = FRAME_JOB, .job_id = ++client->last_job_id, .part_count = part_count};
    if (part_count > PROTOCOL_PARTS_MAX)
        return ERR_TOO_LARGE;
    memcpy(frame.parts, parts, part_count * sizeof *parts);
    *job_id = frame.job_id;
    return frame_send(client->fd, &frame, -1);
}

enum err worker_client_receive(struct worker_client *client, int timeout_ms, struct frame *answer)
{
    TRY(frame_receive(client->fd, answer, timeout_ms));
    if (answer->type == FRAME_RESULT || answer->type == FRAME_REFUSED)
        return ERR_NONE;
    frame_release(answer);
    return ERR_WORKER;
}

enum err worker_client_run(struct worker_client *client, const struct part *parts, size_t part_count, int timeout_ms,
                           struct frame *answer)
{
    uint64_t job_id;
    TRY(worker_client_submit(client, parts, part_count, &job_id));
    TRY(worker_client_receive(client, timeout_ms, answer));
    if (answer->job_id == job_id)
        return ERR_NONE;
    frame_release(answer);
    return ERR_WORKER;
}

void worker_client_stop(struct worker_client *client, int *status)
{
    if (client->fd < 0)
        return;
    close(client->fd);
    client->fd = -1;
    frame_release(&client->ready);
    int64_t deadline_us = clock_mono_us() + MILLIS_US(STOP_PATIENCE_MS);
    int how = 0;
    pid_t gone;
    while ((gone = waitpid(client->pid, &how, WNOHANG)) == 0 || (gone < 0 && errno == EINTR)) {
        if (clock_mono_us() > deadline_us)
            kill(client->pid, SIGKILL);
        struct timespec moment = {.tv_nsec = 2000000};
        nanosleep(&moment, NULL);
    }
    if (status != NULL)
        *status = how;
}
