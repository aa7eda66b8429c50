#include "base/csv_stream.h"

#include "base/check.h"
#include "base/text.h"

#include <errno.h>

#define RAW_BYTES KIB(64)
#define GROWTH    2 /* GB18030 to UTF-8: two bytes become three, four become four at most */

/* ---- sniffing ---- */

/* Bytes a character has by its first one; 0: no first byte. */
static size_t character_bytes(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if ((first & 0xf0) == 0xe0)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* How many bytes at the end are the beginning of a character that is not complete. */
static size_t cut_bytes(const unsigned char *bytes, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char c = bytes[len - back];
        if ((c & 0xc0) != 0x80)
            return character_bytes(c) > back ? back : 0;
    }
    return 0;
}

void csv_sniff_add(struct csv_sniff *sniff, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    while (sniff->carried > 0 && len > 0 && !sniff->broken) {
        sniff->carry[sniff->carried++] = *at++;
        len--;
        if (sniff->carried == character_bytes(sniff->carry[0])) {
            sniff->broken = !text_utf8_valid((const char *)sniff->carry, sniff->carried);
            sniff->carried = 0;
        }
    }
    if (sniff->broken || len == 0)
        return;
    size_t cut = cut_bytes(at, len);
    sniff->broken = !text_utf8_valid((const char *)at, len - cut);
    memcpy(sniff->carry, at + len - cut, cut);
    sniff->carried = cut;
}

void csv_sniff_end(struct csv_sniff *sniff)
{
    sniff->utf8 = !sniff->broken && sniff->carried == 0;
}

/* ---- the window ---- */

enum err csv_stream_open(struct csv_stream *s, csv_source *source, void *arg, bool utf8)
{
    *s = (struct csv_stream){.source = source, .arg = arg, .converts = !utf8, .converter = (iconv_t)-1};
    s->csv.next_line = 1;
    s->window = malloc(CSV_WINDOW_BYTES + 1);
    s->raw = malloc(RAW_BYTES);
    CHECK(s->window != NULL && s->raw != NULL);
    if (!s->converts)
        return ERR_NONE;
    s->converter = iconv_open("UTF-8", "GB18030");
    if (s->converter != (iconv_t)-1)
        return ERR_NONE;
    snprintf(s->csv.why, sizeof s->csv.why, "GB18030 cannot be read here");
    return ERR_BAD_FIELD;
}

void csv_stream_close(struct csv_stream *s)
{
    if (s->converter != (iconv_t)-1 && s->window != NULL)
        iconv_close(s->converter);
    free(s->window);
    free(s->raw);
    s->window = s->raw = NULL;
    s->converter = (iconv_t)-1;
}

static enum err no_text(struct csv_stream *s)
{
    snprintf(s->csv.why, sizeof s->csv.why, "the file is neither UTF-8 nor GB18030 text");
    return ERR_BAD_FIELD;
}

static enum err convert(struct csv_stream *s)
{
    char *in = s->raw, *out = s->window + s->have;
    size_t in_left = s->raw_len, out_left = CSV_WINDOW_BYTES - s->have;
    size_t result = iconv(s->converter, &in, &in_left, &out, &out_left);
    if (result == (size_t)-1 && errno != EINVAL && errno != E2BIG)
        return no_text(s);
    size_t added = (size_t)(out - (s->window + s->have));
    if (memchr(s->window + s->have, '\0', added) != NULL || (s->ended && in_left > 0))
        return no_text(s);
    s->have += added;
    memmove(s->raw, in, in_left);
    s->raw_len = in_left;
    return ERR_NONE;
}

/* More bytes behind what is there; room for them must be. */
static enum err fill(struct csv_stream *s)
{
    size_t len = 0;
    if (s->converts) {
        TRY(s->source(s->arg, s->raw + s->raw_len, RAW_BYTES - s->raw_len, &len));
        s->raw_len += len;
        s->ended = len == 0;
        return convert(s);
    }
    TRY(s->source(s->arg, s->window + s->have, RAW_BYTES, &len));
    s->have += len;
    s->ended = len == 0;
    return ERR_NONE;
}

/* Looks on for line ends outside of quotes. CR at the very end waits for what follows. */
static void scan(struct csv_stream *s)
{
    for (; s->scanned < s->have; s->scanned++) {
        char c = s->window[s->scanned];
        if (c == '"')
            s->quoted = !s->quoted;
        else if (c == '\n' && !s->quoted)
            s->boundary = s->scanned + 1;
        else if (c == '\r' && !s->quoted && s->scanned + 1 == s->have && !s->ended)
            return;
        else if (c == '\r' && !s->quoted && (s->scanned + 1 == s->have || s->window[s->scanned + 1] != '\n'))
            s->boundary = s->scanned + 1;
    }
}

static void skip_mark(struct csv_stream *s)
{
    if (s->have >= 3 && memcmp(s->window, "\xef\xbb\xbf", 3) == 0)
        s->start = s->scanned = s->boundary = 3;
}

/* Moves the cut row to the front and reads on until whole rows are there. */
static enum err refill(struct csv_stream *s)
{
    memmove(s->window, s->window + s->boundary, s->have - s->boundary);
    s->have -= s->boundary;
    s->scanned -= s->boundary;
    s->start = s->boundary = 0;
    while (s->boundary <= s->start && !s->ended) {
        if (CSV_WINDOW_BYTES - s->have < RAW_BYTES * GROWTH) {
            s->boundary = s->have; /* let the reader say what is wrong with it */
            s->cut = true;
            break;
        }
        TRY(fill(s));
        if (!s->begun && (s->have >= 3 || s->ended)) {
            skip_mark(s);
            s->begun = true;
        }
        scan(s);
    }
    if (s->ended)
        s->boundary = s->have;
    s->csv.at = s->window + s->start;
    s->csv.end = s->window + s->boundary;
    if (s->boundary == s->have)
        *s->csv.end = '\0';
    return ERR_NONE;
}

enum err csv_stream_next(struct csv_stream *s, bool *more)
{
    for (;;) {
        TRY(csv_next(&s->csv, more));
        if (*more && s->cut && s->csv.at == s->csv.end) {
            snprintf(s->csv.why, sizeof s->csv.why, "line %zu: the row is too long", s->csv.line);
            return ERR_BAD_FIELD;
        }
        if (*more || s->ended)
            return ERR_NONE;
        TRY(refill(s));
    }
}
