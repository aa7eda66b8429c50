/* log — one line per event: name, then key=value.
 *
 *   LOG(INFO, "submission.moved", "id=%s from=%s to=%s", …)
 *   → 2026-06-30T10:40:00.123Z INFO submission.moved id=… from=… to=…
 *
 * ERROR: someone must act. WARN: we degraded. INFO: a state change, start, stop. DEBUG is off by default.
 * Never personal data, tokens, bodies or file contents; ids only. Control characters in values are replaced, so a
 * value cannot forge a line. Any thread; one write(2) per line, at most LOG_LINE_BYTES_MAX. */
#ifndef XY_LOG_H
#define XY_LOG_H

#include "base/base.h"

enum log_level { LOG_ERROR_LEVEL, LOG_WARN_LEVEL, LOG_INFO_LEVEL, LOG_DEBUG_LEVEL };

#define LOG_LINE_BYTES_MAX 2048

void log_open(int fd, enum log_level most_verbose); /* default: stderr, INFO */
void log_line(enum log_level level, const char *event, const char *format, ...) PRINTF_LIKE(3, 4);

#define LOG(level, event, ...) log_line(LOG_##level##_LEVEL, (event), __VA_ARGS__)

#endif
