/* arena — memory that is given back all at once.
 *
 * A bump allocator with a cap. Everything in it lives until arena_reset or arena_free. The cap is chosen by the
 * owner so that inputs, which are bounded elsewhere, cannot reach it: going over is a broken promise (CHECK), and
 * a failed malloc of a small block ends the process. Bytes whose number a client decides go through `buf`.
 * One owner at a time; no locking. */
#ifndef XY_ARENA_H
#define XY_ARENA_H

#include "base/base.h"

struct arena;

struct arena *arena_new(size_t max_bytes); /* never NULL */
void arena_reset(struct arena *arena);     /* forget all; keeps the first block */
void arena_free(struct arena *arena);      /* NULL is fine */

/* Zeroed bytes, aligned to 16. size 0 gives a valid pointer. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *bytes, size_t size); /* adds a NUL behind, not counted */
char *arena_text(struct arena *arena, const char *text);               /* NULL stays NULL */
char *arena_text_n(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))

#endif
