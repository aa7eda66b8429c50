#include "base/log.h"

#include "base/clock.h"

#include <unistd.h>

static int log_fd = STDERR_FILENO;
static enum log_level verbosity = LOG_INFO_LEVEL;

void log_open(int fd, enum log_level most_verbose)
{
    log_fd = fd;
    verbosity = most_verbose;
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    static const char *const names[] = {"ERROR", "WARN", "INFO", "DEBUG"};
    if (level > verbosity)
        return;
    char line[LOG_LINE_BYTES_MAX];
    char now[CLOCK_TEXT_BYTES];
    clock_text(clock_utc_us(), now);
    int head = snprintf(line, sizeof line, "%s %s %s ", now, names[level], event);
    size_t len = head < 0 ? 0 : (size_t)head;
    va_list args;
    va_start(args, format);
    int tail = vsnprintf(line + len, sizeof line - len - 1, format, args);
    va_end(args);
    if (tail > 0)
        len += (size_t)tail < sizeof line - len - 1 ? (size_t)tail : sizeof line - len - 2;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[len++] = '\n';
    ssize_t written = write(log_fd, line, len);
    (void)written; /* a full or closed log must not stop the service */
}
