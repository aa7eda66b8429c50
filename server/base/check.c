#include "base/check.h"

#include <unistd.h>

static _Thread_local enum thread_role role_of_thread;
static _Thread_local const char *request_of_thread;

void thread_role_set(enum thread_role role)
{
    role_of_thread = role;
}

enum thread_role thread_role_get(void)
{
    return role_of_thread;
}

void check_request_set(const char *request_id)
{
    request_of_thread = request_id;
}

_Noreturn void check_failed(const char *file, int line, const char *condition)
{
    char text[512];
    int len = snprintf(text, sizeof text, "check.failed at=%s:%d condition=\"%s\" req=%s\n", file, line, condition,
                       request_of_thread ? request_of_thread : "-");
    size_t size = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    ssize_t written = write(STDERR_FILENO, text, size);
    (void)written; /* nothing is left to be done about a closed stderr: the next line ends the process */
    abort();
}
