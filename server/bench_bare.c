#include "bench_bare.h"

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
        if (folders[i] != NULL && (size_t)snprintf(path, size, "%s/%s", folders[i], name) < size &&
            access(path, R_OK) == 0)
            return true;
    return false;
}

_Noreturn static void become(int in_fd, int out_fd, char **args, const char *blas_core)
{
    if (blas_core != NULL)
        setenv("OPENBLAS_CORETYPE", blas_core, 0);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    if (dup2(in_fd, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0)
        _exit(126);
    execv(args[0], args);
    _exit(127);
}

bool bench_bare_start(struct bench_bare *floor, char **args, const char *blas_core)
{
    int to[2], from[2];
    if (access(args[0], X_OK) != 0 || pipe2(to, O_CLOEXEC) != 0)
        return false;
    if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        return false;
    }
    floor->pid = fork();
    if (floor->pid == 0)
        become(to[0], from[1], args, blas_core);
    close(to[0]);
    close(from[1]);
    floor->ask = fdopen(to[1], "w");
    floor->answer = fdopen(from[0], "r");
    return floor->pid > 0 && floor->ask != NULL && floor->answer != NULL;
}

double bench_bare_ask(struct bench_bare *floor, const char *format, ...)
{
    char line[64];
    double number = 0;
    va_list args;
    va_start(args, format);
    int written = vfprintf(floor->ask, format, args);
    va_end(args);
    if (written < 0 || fputc('\n', floor->ask) == EOF || fflush(floor->ask) != 0 ||
        fgets(line, sizeof line, floor->answer) == NULL || sscanf(line, "%lf", &number) != 1)
        return 0;
    return number;
}

void bench_bare_stop(struct bench_bare *floor)
{
    if (floor->ask != NULL)
        fclose(floor->ask);
    if (floor->answer != NULL)
        fclose(floor->answer);
    if (floor->pid > 0)
        waitpid(floor->pid, NULL, 0);
    *floor = (struct bench_bare){0};
}
