#include "base/arena.h"

#include "base/check.h"

#define FIRST_BLOCK_BYTES KIB(4)
#define ALIGN_BYTES       16u

struct block {
    struct block *next; /* older block */
    size_t size, used;
    _Alignas(16) unsigned char bytes[];
};

struct arena {
    struct block *newest;
    size_t max_bytes, total_bytes; /* total: block sizes held now */
    size_t used_bytes;
};

static struct block *block_new(size_t size, struct block *next)
{
    struct block *block = malloc(sizeof *block + size);
    CHECK(block != NULL);
    block->next = next;
    block->size = size;
    block->used = 0;
    return block;
}

struct arena *arena_new(size_t max_bytes)
{
    struct arena *arena = calloc(1, sizeof *arena);
    CHECK(arena != NULL);
    arena->max_bytes = max_bytes < FIRST_BLOCK_BYTES ? FIRST_BLOCK_BYTES : max_bytes;
    arena->newest = block_new(FIRST_BLOCK_BYTES, NULL);
    arena->total_bytes = FIRST_BLOCK_BYTES;
    return arena;
}

void arena_reset(struct arena *arena)
{
    while (arena->newest->next != NULL) {
        struct block *gone = arena->newest;
        arena->newest = gone->next;
        free(gone);
    }
    arena->newest->used = 0;
    arena->total_bytes = arena->newest->size;
    arena->used_bytes = 0;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    arena_reset(arena);
    free(arena->newest);
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    CHECK(size <= arena->max_bytes);
    size_t want = (size + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
    struct block *block = arena->newest;
    if (block->size - block->used < want) {
        size_t grow = block->size < MIB(1) ? block->size * 2 : MIB(1);
        size_t block_size = want > grow ? want : grow;
        if (arena->total_bytes + block_size > arena->max_bytes)
            block_size = want;
        CHECK(arena->total_bytes + block_size <= arena->max_bytes + FIRST_BLOCK_BYTES);
        block = block_new(block_size, block);
        arena->total_bytes += block_size;
        arena->newest = block;
    }
    void *bytes = block->bytes + block->used;
    block->used += want;
    arena->used_bytes += want;
    memset(bytes, 0, want);
    return bytes;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    unsigned char *copy = arena_alloc(arena, size + 1);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_text_n(struct arena *arena, const char *text, size_t len)
{
    return arena_copy(arena, text, len);
}

char *arena_text(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_copy(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    CHECK(len >= 0);
    char *text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}
