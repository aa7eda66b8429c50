#include "bench_bare.h"

#include "base/clock.h"
#include "cli_image.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

bool bench_beside(const char *name, char *path, size_t size)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    return (size_t)snprintf(path, size, "%s/%s", self, name) < size;
}

bool bench_sample(const char *name, char *path, size_t size)
{
    char near_build[PATH_MAX] = "";
    bench_beside("../../shared/samples", near_build, sizeof near_build);
    const char *folders[] = {getenv("XUEYING_SAMPLES"), "../shared/samples", near_build};
    for (size_t i = 0; i < countof(folders); i++)
        if (folders[i] != NULL && access(folders[i], R_OK) == 0)
            return (size_t)snprintf(path, size, "%s/%s", folders[i], name) < size;
    return false;
}

_Noreturn static void become(int in_fd, int out_fd, char **args, const char *blas_core)
{
    if (blas_core != NULL)
        setenv("OPENBLAS_CORETYPE", blas_core, 0);
    else
        unsetenv("OPENBLAS_CORETYPE");
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    if (dup2(in_fd, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0)
        _exit(126);
    execvp(args[0], args);
    _exit(127);
}

bool bench_bare_start(struct bench_bare *bare, char **args, const char *blas_core)
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0)
        return false;
    if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        return false;
    }
    bare->pid = fork();
    if (bare->pid == 0)
        become(to[0], from[1], args, blas_core);
    close(to[0]);
    close(from[1]);
    bare->ask = fdopen(to[1], "w");
    bare->answer = fdopen(from[0], "r");
    return bare->pid > 0 && bare->ask != NULL && bare->answer != NULL;
}

static bool ask(struct bench_bare *bare, char line[BENCH_LINE_BYTES], const char *format, va_list args)
{
    return vfprintf(bare->ask, format, args) > 0 && fputc('\n', bare->ask) != EOF && fflush(bare->ask) == 0 &&
           fgets(line, BENCH_LINE_BYTES, bare->answer) != NULL;
}

bool bench_bare_line(struct bench_bare *bare, char line[BENCH_LINE_BYTES], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool answered = ask(bare, line, format, args);
    va_end(args);
    return answered;
}

double bench_bare_ask(struct bench_bare *bare, const char *format, ...)
{
    char line[BENCH_LINE_BYTES];
    double number = 0;
    va_list args;
    va_start(args, format);
    bool answered = ask(bare, line, format, args);
    va_end(args);
    return answered && sscanf(line, "%lf", &number) == 1 ? number : 0;
}

void bench_bare_stop(struct bench_bare *bare)
{
    if (bare->ask != NULL)
        fclose(bare->ask);
    if (bare->answer != NULL)
        fclose(bare->answer);
    if (bare->pid > 0)
        waitpid(bare->pid, NULL, 0);
    *bare = (struct bench_bare){0};
}

double bench_jobs_per_s(const struct bench_jobs *bench, struct worker_client *client)
{
    size_t sent = 0, done = 0;
    int64_t start = clock_mono_us();
    while (done < bench->jobs) {
        for (; sent < bench->jobs && sent - done < bench->in_flight; sent++)
            if (!bench->submit(bench->arg, client, sent))
                return 0;
        struct frame answer;
        if (worker_client_receive(client, CLI_JOB_TIMEOUT_MS, &answer) != ERR_NONE)
            return 0;
        bool good = bench->good(&answer);
        frame_release(&answer);
        if (!good)
            return 0;
        done++;
    }
    return (double)bench->jobs * 1e6 / (double)(clock_mono_us() - start);
}
