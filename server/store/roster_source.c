#include "store/roster_source.h"

static enum err read_file(struct roster_source *s, int64_t offset, void *bytes, size_t max, size_t *len)
{
    if (fseeko(s->file, offset, SEEK_SET) != 0)
        return ERR_UNREADABLE;
    *len = fread(bytes, 1, max, s->file);
    return ferror(s->file) ? ERR_UNREADABLE : ERR_NONE;
}

static enum err open_part(struct roster_source *s, size_t at)
{
    const struct roster_source_part *part = &s->parts[at];
    if (s->open_bytes != NULL && s->open_at == at)
        return ERR_NONE;
    roster_source_close(s);
    TRY(blob_get(s->blobs, part->blob_id, part->sealed_key, part->sealed_key_len, &s->open_bytes, &s->open_len));
    s->open_at = at;
    return (int64_t)s->open_len == part->size_bytes ? ERR_NONE : ERR_CORRUPT;
}

enum err roster_source_read_at(struct roster_source *s, int64_t offset, void *bytes, size_t max, size_t *len)
{
    *len = 0;
    if (offset < 0 || offset >= s->size_bytes || max == 0)
        return ERR_NONE;
    if (s->file != NULL)
        return read_file(s, offset, bytes, max, len);
    if (s->memory != NULL) {
        size_t left = (size_t)(s->size_bytes - offset);
        *len = left < max ? left : max;
        memcpy(bytes, (const char *)s->memory + offset, *len);
        return ERR_NONE;
    }
    for (size_t i = 0; i < s->part_count; i++) {
        const struct roster_source_part *part = &s->parts[i];
        if (offset >= part->offset_bytes + part->size_bytes)
            continue;
        TRY(open_part(s, i));
        size_t skip = (size_t)(offset - part->offset_bytes), left = s->open_len - skip;
        *len = left < max ? left : max;
        memcpy(bytes, (const char *)s->open_bytes + skip, *len);
        return ERR_NONE;
    }
    return ERR_CORRUPT;
}

enum err roster_source_read(void *source, void *bytes, size_t max, size_t *len)
{
    struct roster_source *s = source;
    TRY(roster_source_read_at(s, s->at, bytes, max, len));
    s->at += (int64_t)*len;
    return ERR_NONE;
}

void roster_source_close(struct roster_source *s)
{
    free(s->open_bytes);
    s->open_bytes = NULL;
    s->open_len = 0;
}
