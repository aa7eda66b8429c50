#include "workers/code.h"

#include "base/clock.h"
#include "base/code_kind.h"
#include "base/crypt.h"
#include "base/text.h"
#include "workers/grey.h"
#include "workers/shim/code.h"

#include <math.h>

#define CODES_MAX      CODE_SYMBOLS_MAX
#define ENLARGED_PX    2600 /* a rung never searches more than this edge */
#define PIECE_EDGE_PX  1400
#define SHARPEN_AMOUNT 2.5

/* One rung: what is done to the picture before looking, in this order. */
struct rung {
    const char *name;
    bool stretch;
    double blur_px; /* 0: not */
    double times;   /* 0: as it is */
    double sharpen_px;
    bool invert, thorough;
};

/* In the order of what reads most for its time, measured by tests/bench/code_bench.c. */
static const struct rung ladder[] = {
    {.name = "as_is", .thorough = true},
    {.name = "larger", .times = 1.6},
    {.name = "half_sharp", .times = 0.5, .sharpen_px = 2},
    {.name = "half", .times = 0.5},
    {.name = "inverted", .invert = true, .thorough = true},
    {.name = "stretched_inverted", .stretch = true, .invert = true},
    {.name = "sharp", .sharpen_px = 3},
    {.name = "soft", .blur_px = 1.3},
    {.name = "stretched", .stretch = true},
    {.name = "sharper", .sharpen_px = 5},
    {.name = "larger_sharp", .times = 1.6, .sharpen_px = 4},
    {.name = "stretched_inverted_larger", .stretch = true, .times = 1.6, .invert = true},
    {.name = "stretched_soft", .stretch = true, .blur_px = 1.3},
    {.name = "softer", .blur_px = 2.2},
    {.name = "third_smaller", .times = 0.67},
};

struct found_code {
    const unsigned char *payload;
    size_t len;
    const char *looks_like;
    double corners_px[4][2]; /* of the upright original */
    const char *step;
};

struct search {
    struct arena *arena;
    struct code_symbols *symbols;
    struct found_code codes[CODES_MAX];
    size_t count, opaque; /* opaque: how many of them may be ours */
    int32_t tries;
};

/* How a searched plane lies in the original: x_original = x_px + x * scale. */
struct place {
    double x_px, y_px, scale;
};

static bool is_opaque(const struct found_code *code)
{
    return text_is(code->looks_like, "opaque");
}

static void add_code(struct search *s, const struct code_symbol *symbol, const struct place *place, const char *step)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->codes[i].len == symbol->len && memcmp(s->codes[i].payload, symbol->payload, symbol->len) == 0)
            return;
    if (s->count == CODES_MAX)
        return;
    struct found_code *code = &s->codes[s->count++];
    unsigned char *payload = arena_alloc(s->arena, symbol->len);
    memcpy(payload, symbol->payload, symbol->len);
    *code = (struct found_code){.payload = payload, .len = symbol->len, .step = step};
    code->looks_like = symbol->is_part ? "part" : code_looks_like(payload, symbol->len);
    for (size_t i = 0; i < 4; i++) {
        code->corners_px[i][0] = place->x_px + symbol->corners[i].x_px * place->scale;
        code->corners_px[i][1] = place->y_px + symbol->corners[i].y_px * place->scale;
    }
    s->opaque += is_opaque(code);
}

static enum err look(struct search *s, const struct plane *plane, const struct place *place, bool thorough,
                     const char *step)
{
    const struct code_view view = {plane->values, plane->width_px, plane->height_px};
    enum code_result result = code_find(&view, thorough, s->symbols);
    if (result == CODE_NO_MEMORY)
        return ERR_BUSY;
    for (int32_t i = 0; result == CODE_OK && i < s->symbols->count; i++)
        add_code(s, &s->symbols->items[i], place, step);
    return ERR_NONE; /* a picture that upsets the reader has no code in it */
}

/* ---- rungs ---- */

static int32_t edge_of(const struct plane *plane)
{
    return plane->width_px > plane->height_px ? plane->width_px : plane->height_px;
}

/* Replaces *plane by what `e` made; the one before belongs to the caller only the first time. */
static enum err replace(enum err e, struct plane *plane, bool *own, const struct plane *made)
{
    if (e != ERR_NONE)
        return e;
    if (*own)
        plane_release(plane);
    *plane = *made;
    *own = true;
    return ERR_NONE;
}

static enum err climb(struct search *s, const struct plane *base, const struct place *place, const struct rung *rung)
{
    struct plane plane = *base, made;
    struct place at = *place;
    bool own = false;
    enum err e = ERR_NONE;
    double times = rung->times > 0 ? rung->times : 1.0;
    if (times > 1 && edge_of(base) * times > ENLARGED_PX)
        times = (double)ENLARGED_PX / edge_of(base);
    if (rung->stretch)
        e = replace(grey_stretch(&plane, edge_of(&plane) / 40, &made), &plane, &own, &made);
    if (e == ERR_NONE && rung->blur_px > 0)
        e = replace(grey_blur(&plane, rung->blur_px, &made), &plane, &own, &made);
    if (e == ERR_NONE && times != 1.0) {
        e = replace(grey_scale(&plane, times, &made), &plane, &own, &made);
        at.scale = place->scale / times;
    }
    if (e == ERR_NONE && rung->sharpen_px > 0)
        e = replace(grey_sharpen(&plane, rung->sharpen_px, SHARPEN_AMOUNT, &made), &plane, &own, &made);
    if (e == ERR_NONE && rung->invert)
        e = replace(grey_invert(&plane, &made), &plane, &own, &made);
    s->tries++;
    if (e == ERR_NONE)
        e = look(s, &plane, &at, rung->thorough, rung->name);
    if (own)
        plane_release(&plane);
    return e;
}

static enum err climb_all(struct search *s, const struct plane *base, const struct place *place, size_t from, size_t to)
{
    for (size_t i = from; i < to && s->opaque == 0; i++)
        TRY(climb(s, base, place, &ladder[i]));
    return ERR_NONE;
}

/* ---- a small code in a large photo ---- */

/* Pieces that overlap by half, so that a code as large as half a piece is whole in one of them. */
static enum err climb_pieces(struct search *s, const struct plane *full, const struct place *place)
{
    static const struct rung rung = {.name = "piece", .stretch = true, .blur_px = 0.8};
    for (int32_t y = 0; y == 0 || y + PIECE_EDGE_PX / 2 < full->height_px; y += PIECE_EDGE_PX / 2)
        for (int32_t x = 0; x == 0 || x + PIECE_EDGE_PX / 2 < full->width_px; x += PIECE_EDGE_PX / 2) {
            struct plane piece;
            struct place at = {x * place->scale, y * place->scale, place->scale};
            TRY(grey_cut(full, x, y, PIECE_EDGE_PX, PIECE_EDGE_PX, &piece));
            enum err e = climb(s, &piece, &at, &rung);
            plane_release(&piece);
            if (e != ERR_NONE || s->opaque > 0)
                return e;
        }
    return ERR_NONE;
}

/* ---- the job ---- */

struct timings {
    int64_t decode_us, search_us;
};

static enum err decode_grey(const unsigned char *bytes, size_t len, int32_t edge_px, struct image_source *source,
                            struct plane *grey, char why[IMAGE_WHY_BYTES])
{
    struct image picture;
    *grey = (struct plane){0};
    TRY(image_decode(bytes, len, CODE_SIDE_PX_MIN, edge_px, source, &picture, why));
    enum err e = grey_of(&picture, grey);
    image_release(&picture);
    return e;
}

/* The picture at its full size, where the one for the ladder was reduced. */
static enum err search_full(struct search *s, const unsigned char *bytes, size_t len, bool in_pieces,
                            struct timings *spent, char why[IMAGE_WHY_BYTES])
{
    static const struct rung whole = {.name = "full"};
    struct image_source source;
    struct plane grey;
    int64_t began_us = clock_mono_us();
    TRY(decode_grey(bytes, len, CODE_FULL_EDGE_PX, &source, &grey, why));
    spent->decode_us += clock_mono_us() - began_us;
    struct place place = {0, 0, (double)source.width_px / grey.width_px};
    enum err e = in_pieces ? climb_pieces(s, &grey, &place) : climb(s, &grey, &place, &whole);
    plane_release(&grey);
    return e;
}

static enum err search(struct search *s, const unsigned char *bytes, size_t len, struct image_source *source,
                       struct timings *spent, char why[IMAGE_WHY_BYTES])
{
    struct plane grey;
    int64_t began_us = clock_mono_us();
    TRY(decode_grey(bytes, len, CODE_BASE_EDGE_PX, source, &grey, why));
    spent->decode_us = clock_mono_us() - began_us;
    struct place place = {0, 0, (double)source->width_px / grey.width_px};
    bool was_reduced = grey.width_px < source->width_px;
    enum err e = climb_all(s, &grey, &place, 0, 1);
    if (e == ERR_NONE && s->opaque == 0 && was_reduced)
        e = search_full(s, bytes, len, false, spent, why);
    if (e == ERR_NONE)
        e = climb_all(s, &grey, &place, 1, countof(ladder));
    plane_release(&grey);
    if (e == ERR_NONE && s->opaque == 0 && was_reduced)
        e = search_full(s, bytes, len, true, spent, why);
    spent->search_us = clock_mono_us() - began_us - spent->decode_us;
    return e;
}

static const char *verdict_of(const struct search *s)
{
    return s->opaque == 1 ? "ok" : s->opaque > 1 ? "many" : s->count > 0 ? "foreign" : "none";
}

/* The code the verdict speaks of; NULL without one. */
static const struct found_code *chosen(const struct search *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (is_opaque(&s->codes[i]))
            return &s->codes[i];
    return s->count > 0 ? &s->codes[0] : NULL;
}

static void put_payload(struct buf *b, const struct found_code *code, struct arena *arena)
{
    if (code == NULL) {
        json_put_text(b, "payload", NULL);
        json_put_text(b, "payload_sha256", NULL);
        json_name(b, "bytes");
        json_null(b);
        return;
    }
    unsigned char digest[32];
    char hex[65], *text = arena_alloc(arena, code->len * 4 / 3 + 5);
    crypt_sha256(code->payload, code->len, digest);
    text_hex(digest, sizeof digest, hex);
    crypt_base64(code->payload, code->len, false, text);
    json_put_text(b, "payload", text);
    json_put_text(b, "payload_sha256", hex);
    json_put_int(b, "bytes", (int64_t)code->len);
}

static void put_quad(struct buf *b, const struct found_code *code)
{
    json_name(b, "quad");
    if (code == NULL) {
        json_null(b);
        return;
    }
    json_array_open(b);
    for (size_t i = 0; i < 4; i++) {
        json_array_open(b);
        json_int(b, lround(code->corners_px[i][0]));
        json_int(b, lround(code->corners_px[i][1]));
        json_array_close(b);
    }
    json_array_close(b);
}

static void put_result(struct buf *b, const struct search *s, const struct image_source *source,
                       const struct timings *spent)
{
    const char *verdict = verdict_of(s);
    const struct found_code *code = chosen(s);
    const char *looks_like = code == NULL ? NULL : code->looks_like;
    struct code_words words = code_words(verdict, looks_like);
    json_object_open(b);
    json_put_text(b, "kind", "code");
    json_put_text(b, "verdict", verdict);
    json_put_int(b, "found", (int64_t)s->count);
    put_payload(b, text_is(verdict, "ok") ? code : NULL, s->arena);
    json_put_text(b, "looks_like", looks_like);
    put_quad(b, code);
    json_put_text(b, "step", code == NULL ? NULL : code->step);
    json_put_int(b, "tries", s->tries);
    json_name(b, "text");
    json_object_open(b);
    json_put_text(b, "zh", words.zh);
    json_put_text(b, "en", words.en);
    json_object_close(b);
    json_put_int(b, "width_px", source->width_px);
    json_put_int(b, "height_px", source->height_px);
    json_name(b, "timings");
    json_object_open(b);
    json_put_int(b, "decode_us", spent->decode_us);
    json_put_int(b, "search_us", spent->search_us);
    json_object_close(b);
    json_put_text(b, "engine", code_engine());
    json_name(b, "parts");
    json_array_open(b);
    json_array_close(b);
    json_object_close(b);
}

enum err job_code(struct job_tools *tools, const struct json *request, const struct frame *frame,
                  struct job_reply *reply)
{
    (void)request;
    const unsigned char *bytes;
    size_t len;
    if (!job_part(frame, 1, &bytes, &len)) {
        snprintf(reply->why, sizeof reply->why, "A picture is needed.");
        return ERR_BAD_FIELD;
    }
    struct search s = {.arena = tools->arena, .symbols = arena_alloc(tools->arena, sizeof *s.symbols)};
    struct image_source source = {0};
    struct timings spent = {0};
    TRY(search(&s, bytes, len, &source, &spent, reply->why));
    put_result(&reply->json, &s, &source, &spent);
    return ERR_NONE;
}
