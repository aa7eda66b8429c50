/* base — what every file of the project may assume: fixed-width types, small macros, and the list of
 * libc calls we do not use.
 *
 * Knows nothing of the product. Every other header includes this one first. */
#ifndef XY_BASE_H
#define XY_BASE_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define countof(array)                      (sizeof(array) / sizeof((array)[0]))
#define container_of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
#define KIB(n)                              ((size_t)(n)*1024u)
#define MIB(n)                              ((size_t)(n)*1024u * 1024u)
#define SECONDS_US(n)                       ((int64_t)(n)*1000000)
#define MILLIS_US(n)                        ((int64_t)(n)*1000)

#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#define MUST_CHECK                      __attribute__((warn_unused_result))

/* strcpy, strcat, sprintf, strtok, gmtime, localtime, atoi, gets and alloca are refused by tools/tidy.py: use buf,
 * arena, clock and text. */

#endif
