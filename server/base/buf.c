#include "base/buf.h"

#include "base/check.h"

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max_bytes = max_bytes};
}

void buf_release(struct buf *b)
{
    free(b->bytes);
    *b = (struct buf){.max_bytes = b->max_bytes};
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->over = false;
}

/* Room for `len` more bytes and a NUL; false sets over. */
static bool buf_reserve(struct buf *b, size_t len)
{
    if (b->over || len > b->max_bytes || b->len > b->max_bytes - len) {
        b->over = true;
        return false;
    }
    size_t need = b->len + len + 1;
    if (need <= b->capacity)
        return true;
    size_t capacity = b->capacity < 256 ? 256 : b->capacity * 2;
    if (capacity < need)
        capacity = need;
    if (capacity > b->max_bytes + 1)
        capacity = b->max_bytes + 1;
    char *bytes = realloc(b->bytes, capacity);
    CHECK(bytes != NULL);
    b->bytes = bytes;
    b->capacity = capacity;
    return true;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (!buf_reserve(b, len))
        return;
    if (len > 0)
        memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
    b->bytes[b->len] = '\0';
}

void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_text(struct buf *b, const char *text)
{
    if (text != NULL)
        buf_add(b, text, strlen(text));
}

void buf_int(struct buf *b, int64_t value)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, value);
    buf_add(b, digits, (size_t)len);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    CHECK(len >= 0);
    if (buf_reserve(b, (size_t)len)) {
        vsnprintf(b->bytes + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

const char *buf_cstr(struct buf *b)
{
    return b->len == 0 ? "" : b->bytes;
}
