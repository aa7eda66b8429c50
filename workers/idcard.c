#include "workers/idcard.h"

#include "base/clock.h"
#include "base/text.h"
#include "workers/faces.h"
#include "workers/idcard_face.h"
#include "workers/idcard_look.h"
#include "workers/idcard_quad.h"
#include "workers/idcard_read.h"
#include "workers/idcard_validity.h"
#include "workers/jpeg.h"

#include <math.h>

#define FACE_CANDIDATES  3    /* where no number was read, so many borders are tried for a face */
#define NUMBER_TRIES     3    /* so many places that look like a number are read */
#define LINE_FITS_MIN    0.02 /* less is no number line */
#define PORTRAIT_PX_MIN  280
#define PORTRAIT_PX_MAX  640
#define PORTRAIT_QUALITY 90

/* The photo's place with a margin: 26 × 32 mm at the right of the card. */
static const struct resample_area photo_place = {0.575, 0.075, 0.415, 0.745};
#define PHOTO_RATIO (0.745 * 54.0 / (0.415 * 85.6)) /* height to width */

struct timings {
    int64_t decode_us, border_us, number_us, name_us, portrait_us;
};

/* One way to lay the card flat. */
struct view {
    struct card_quad quad; /* in the decoded picture, from the card's own upper left */
    struct card_plane plane;
    int unseen_sides;
    double line_fits;
    struct resample_area line;
};

struct search {
    struct image_source source;
    struct image picture;
    struct view view; /* the chosen one; valid when has_card */
    bool has_card, is_emblem, wants_emblem;
    struct card_number number;
    double name_similarity;     /* NAN: not compared */
    char name[CARD_NAME_BYTES]; /* "": none proposed */
    struct card_validity validity;
    struct card_look look;
    struct image portrait;
    struct face_boxes faces; /* in the portrait */
    struct timings spent;
};

static int64_t lap(int64_t *since)
{
    int64_t now = clock_mono_us(), passed = now - *since;
    *since = now;
    return passed;
}

/* ---- where the card is ---- */

static double search_scale(const struct image *picture)
{
    int32_t long_edge = picture->width_px > picture->height_px ? picture->width_px : picture->height_px;
    return long_edge > IDCARD_SEARCH_PX ? (double)long_edge / IDCARD_SEARCH_PX : 1;
}

static enum err find_borders(const struct image *picture, struct card_candidates *out)
{
    struct image small = {0};
    struct card_lines *lines = malloc(sizeof *lines);
    enum err e = lines == NULL ? ERR_BUSY : resample_to_long_edge(picture, IDCARD_SEARCH_PX, &small);
    if (e == ERR_NONE)
        e = card_lines_find(small.rgb != NULL ? &small : picture, lines);
    if (e == ERR_NONE)
        card_quads_find(lines, out);
    free(lines);
    image_release(&small);
    return e;
}

/* The candidate in the decoded picture, its other end up when `flip`. */
static bool view_of(const struct card_candidate *candidate, bool flip, double scale, struct view *view)
{
    *view = (struct view){.quad = flip ? card_turned(&candidate->quad, 2) : candidate->quad,
                          .unseen_sides = candidate->unseen_sides};
    for (int i = 0; i < 4; i++) {
        view->quad.corners[i].x *= scale;
        view->quad.corners[i].y *= scale;
    }
    return card_plane_of(&view->quad, &view->plane);
}

/* ---- the photo on it ---- */

static enum err cut_portrait(const struct search *s, const struct view *view, struct image *out)
{
    double width = card_width_px(&view->quad) * photo_place.width_px;
    width = width < PORTRAIT_PX_MIN ? PORTRAIT_PX_MIN : width > PORTRAIT_PX_MAX ? PORTRAIT_PX_MAX : width;
    return card_flatten(&s->picture, &view->plane, &photo_place, (int32_t)lround(width),
                        (int32_t)lround(width * PHOTO_RATIO), out);
}

static enum err find_face(struct face_context *context, struct image *portrait, struct face_boxes *faces)
{
    static const struct faces_options looks = {400, 640, 0, false};
    int32_t scale;
    return faces_find(context, portrait, &looks, faces, &scale);
}

/* Sets portrait and faces for this view. */
static enum err look_for_face(struct search *s, struct face_context *context, const struct view *view)
{
    image_release(&s->portrait);
    TRY(cut_portrait(s, view, &s->portrait));
    return find_face(context, &s->portrait, &s->faces);
}

/* Where a printed face must lie in its portrait, if the border was the card's: shares of the portrait's sides. */
static bool face_in_place(const struct image *portrait, const struct face_boxes *faces)
{
    if (faces->count == 0)
        return false;
    const struct face_box *box = &faces->items[0];
    double width = (double)box->width_px / portrait->width_px;
    double x = (box->x_px + box->width_px / 2.0) / portrait->width_px;
    double y = (box->y_px + box->height_px / 2.0) / portrait->height_px;
    return width > 0.28 && width < 0.62 && x > 0.36 && x < 0.66 && y > 0.36 && y < 0.66;
}

/* ---- the search ---- */

/* Reads the number in this view, if there is something like one. */
static enum err try_view(struct search *s, struct view *view, int *tried)
{
    TRY(card_number_line(&s->picture, &view->plane, &view->line, &view->line_fits));
    if (view->line_fits <= LINE_FITS_MIN || *tried == NUMBER_TRIES)
        return ERR_NONE;
    (*tried)++;
    TRY(card_number_read(&s->picture, &view->plane, &view->line, &s->number));
    if (s->number.found) {
        s->view = *view;
        s->has_card = true;
    }
    return ERR_NONE;
}

/* The candidates in their order, both ways up, until a number is read; *views collects what was tried. */
static enum err try_borders(struct search *s, const struct card_candidates *candidates, struct view *views,
                            size_t *count)
{
    double scale = search_scale(&s->picture);
    int tried = 0;
    *count = 0;
    for (size_t i = 0; i < 2 * candidates->count && !s->number.found; i++) {
        struct view *view = &views[*count];
        if (!view_of(&candidates->items[i / 2], i % 2 == 1, scale, view))
            continue;
        (*count)++;
        TRY(try_view(s, view, &tried));
    }
    return ERR_NONE;
}

/* Without a border: where the face says the card is. */
static enum err try_face(struct search *s, struct face_context *context)
{
    struct card_face_quads quads;
    int tried = 0;
    TRY(card_quads_by_face(context, &s->picture, &quads));
    for (size_t i = 0; i < quads.count && !s->number.found; i++) {
        struct view view = {.quad = quads.items[i], .unseen_sides = 4};
        if (card_plane_of(&view.quad, &view.plane))
            TRY(try_view(s, &view, &tried));
    }
    return ERR_NONE;
}

/* No number: a face at its place, or the emblem at its own, tells that it is a card all the same. */
static enum err recognise(struct search *s, struct face_context *context, const struct view *views, size_t count)
{
    for (size_t i = 0; i < count && !s->has_card; i++) {
        TRY(card_shows_emblem(&s->picture, &views[i].plane, &s->is_emblem));
        if (s->is_emblem) {
            s->has_card = true;
            s->view = views[i];
        }
    }
    for (size_t i = 0; i < count && i < 2 * FACE_CANDIDATES && !s->has_card; i++) {
        TRY(look_for_face(s, context, &views[i]));
        if (face_in_place(&s->portrait, &s->faces)) {
            s->has_card = true;
            s->view = views[i];
        }
    }
    return ERR_NONE;
}

static enum err search_card(struct search *s, struct face_context *context)
{
    struct card_candidates candidates;
    struct view views[2 * CARD_QUADS_MAX];
    size_t count;
    int64_t since = clock_mono_us();
    TRY(find_borders(&s->picture, &candidates));
    s->spent.border_us = lap(&since);
    TRY(try_borders(s, &candidates, views, &count));
    s->spent.number_us = lap(&since);
    if (!s->has_card)
        TRY(recognise(s, context, views, count));
    if (!s->is_emblem && !s->number.found)
        TRY(try_face(s, context));
    if (s->number.found)
        TRY(look_for_face(s, context, &s->view));
    s->spent.portrait_us = lap(&since);
    return ERR_NONE;
}

static enum err look_closer(struct search *s, const char *name)
{
    int64_t since = clock_mono_us();
    if (!s->has_card)
        return ERR_NONE;
    if (name != NULL && !s->is_emblem)
        TRY(card_name_similarity(&s->picture, &s->view.plane, name, &s->name_similarity));
    else if (s->number.found)
        TRY(card_name_propose(&s->picture, &s->view.plane, s->name));
    if (s->is_emblem && s->wants_emblem)
        TRY(card_validity_read(&s->picture, &s->view.plane, &s->validity));
    s->spent.name_us = lap(&since);
    double original = (double)s->source.width_px / s->picture.width_px;
    return card_look_at(&s->picture, &s->view.plane, &s->view.quad, original, 4 - s->view.unseen_sides, &s->look);
}

/* ---- the answer ---- */

/* Whether what was wanted of the card was read. */
static bool is_read(const struct search *s)
{
    return s->wants_emblem ? s->validity.found : s->number.found;
}

enum problem { NO_CARD, OTHER_SIDE, UNREAD };

static void put_problem(struct buf *b, const struct search *s)
{
    static const char *const texts[2][3][3] = {
        /* the side with the portrait is wanted */
        {{"no_card", "画面里没有找到身份证。请把有照片的一面朝上平放，四边都拍进画面。",
          "No card was found. Lay it flat, the portrait up, and take it with all four sides."},
         {"emblem_side", "这是国徽面，请拍有照片的人像面。", "This is the back. Take the side with the portrait."},
         {"number_unread", "身份证号码读不清。对焦、避开反光后重拍，或手工填写。",
          "The number cannot be read for certain. Focus, avoid reflections and take it again, or type it."}},
        /* the side with the emblem */
        {{"no_card", "画面里没有找到身份证的国徽面。请把有国徽的一面朝上平放，四边都拍进画面。",
          "No card was found. Lay it flat, the emblem up, and take it with all four sides."},
         {"portrait_side", "这是人像面，请拍有国徽的一面。", "This is the front. Take the side with the emblem."},
         {"validity_unread", "国徽面的有效期读不清。对焦、避开反光后重拍。",
          "The validity beside the emblem cannot be read for certain. Focus, avoid reflections and take it again."}},
    };
    json_name(b, "problem");
    if (is_read(s)) {
        json_null(b);
        return;
    }
    enum problem problem = !s->has_card ? NO_CARD : s->is_emblem != s->wants_emblem ? OTHER_SIDE : UNREAD;
    const char *const *text = texts[s->wants_emblem][problem];
    json_object_open(b);
    json_put_text(b, "id", text[0]);
    json_put_text(b, "fix_zh", text[1]);
    json_put_text(b, "fix_en", text[2]);
    json_object_close(b);
}

static void put_validity(struct buf *b, const struct card_validity *validity)
{
    json_name(b, "validity");
    if (!validity->found) {
        json_null(b);
        return;
    }
    json_object_open(b);
    json_put_text(b, "from", validity->from);
    json_put_text(b, "until", validity->until);
    json_object_close(b);
}

static void put_number(struct buf *b, const struct card_number *number)
{
    char birth[11];
    json_name(b, "number");
    if (!number->found) {
        json_null(b);
        return;
    }
    resident_number_birth(number->text, birth);
    json_object_open(b);
    json_put_text(b, "value", number->text);
    json_put_text(b, "birth", birth);
    json_put_text(b, "sex", resident_number_male(number->text) ? "male" : "female");
    json_put_int(b, "readings", number->readings);
    json_object_close(b);
}

/* How far the card is turned clockwise in the picture, to the nearest quarter. */
static int turn_of(const struct card_quad *quad)
{
    double angle = atan2(quad->corners[1].y - quad->corners[0].y, quad->corners[1].x - quad->corners[0].x);
    return ((int)lround(angle / (2 * atan(1))) + 4) % 4 * 90;
}

static void put_card(struct buf *b, const struct search *s)
{
    json_name(b, "card");
    if (!s->has_card) {
        json_null(b);
        return;
    }
    double original = (double)s->source.width_px / s->picture.width_px;
    json_object_open(b);
    json_name(b, "corners");
    json_array_open(b);
    for (int i = 0; i < 4; i++) {
        json_object_open(b);
        json_put_number(b, "x", s->view.quad.corners[i].x * original, 1);
        json_put_number(b, "y", s->view.quad.corners[i].y * original, 1);
        json_object_close(b);
    }
    json_array_close(b);
    json_put_int(b, "turn", turn_of(&s->view.quad));
    json_put_int(b, "sides_seen", 4 - s->view.unseen_sides);
    json_object_close(b);
}

static void put_face(struct buf *b, const struct search *s)
{
    json_name(b, "face");
    if (!s->has_card || s->is_emblem || s->faces.count == 0) {
        json_null(b);
        return;
    }
    const struct face_box *box = &s->faces.items[0];
    json_object_open(b);
    json_name(b, "box");
    json_object_open(b);
    json_put_int(b, "x", box->x_px);
    json_put_int(b, "y", box->y_px);
    json_put_int(b, "w", box->width_px);
    json_put_int(b, "h", box->height_px);
    json_object_close(b);
    json_object_close(b);
}

static void put_name(struct buf *b, const struct search *s)
{
    json_name(b, "name");
    if (isnan(s->name_similarity) && s->name[0] == '\0') {
        json_null(b);
        return;
    }
    json_object_open(b);
    if (s->name[0] != '\0')
        json_put_text(b, "proposal", s->name);
    else
        json_put_number(b, "similarity", s->name_similarity, 2);
    json_object_close(b);
}

static void put_timings(struct buf *b, const struct timings *spent)
{
    json_name(b, "timings");
    json_object_open(b);
    json_put_int(b, "decode_us", spent->decode_us);
    json_put_int(b, "border_us", spent->border_us);
    json_put_int(b, "number_us", spent->number_us);
    json_put_int(b, "name_us", spent->name_us);
    json_put_int(b, "portrait_us", spent->portrait_us);
    json_object_close(b);
}

/* Adds the JPEGs to the reply and their names to the open array. */
static enum err put_parts(const struct search *s, bool flat, struct job_reply *reply)
{
    struct image card = {0};
    if (s->has_card && !s->is_emblem) {
        TRY(jpeg_encode(&s->portrait, PORTRAIT_QUALITY, 300, &reply->parts[reply->part_count++]));
        json_text(&reply->json, "portrait");
    }
    if (!flat || !s->has_card)
        return ERR_NONE;
    const struct resample_area all = {0, 0, 1, 1};
    TRY(card_flatten(&s->picture, &s->view.plane, &all, CARD_WIDTH_PX, CARD_HEIGHT_PX, &card));
    enum err e = jpeg_encode(&card, PORTRAIT_QUALITY, 300, &reply->parts[reply->part_count++]);
    json_text(&reply->json, "flat");
    image_release(&card);
    return e;
}

static enum err answer(const struct search *s, bool flat, struct job_reply *reply)
{
    struct buf *b = &reply->json;
    bool portrait = s->has_card && !s->is_emblem;
    json_object_open(b);
    json_put_text(b, "kind", "idcard");
    json_put_text(b, "side", portrait ? "portrait" : s->is_emblem ? "emblem" : "unknown");
    json_put_text(b, "verdict", !is_read(s) ? "unreadable" : card_look_warns(&s->look) ? "warn" : "ok");
    put_problem(b, s);
    put_number(b, &s->number);
    put_name(b, s);
    put_validity(b, &s->validity);
    put_card(b, s);
    put_face(b, s);
    card_look_write(b, &s->look);
    json_put_text(b, "engine", ocr_engine());
    put_timings(b, &s->spent);
    json_name(b, "parts");
    json_array_open(b);
    TRY(put_parts(s, flat, reply));
    json_array_close(b);
    json_object_close(b);
    return ERR_NONE;
}

static enum err check_request(const struct json *request, struct job_reply *reply, const char **name)
{
    *name = json_text_at(request, "name", NULL);
    if (!ocr_has(OCR_NUMBER)) {
        snprintf(reply->why, sizeof reply->why,
                 "This server cannot read cards: tesseract's English model is not there.");
        return ERR_UNSUPPORTED_TYPE;
    }
    if (*name != NULL && text_chars(*name) > IDCARD_NAME_CHARS_MAX) {
        snprintf(reply->why, sizeof reply->why, "name has at most %d characters.", IDCARD_NAME_CHARS_MAX);
        return ERR_BAD_FIELD;
    }
    return ERR_NONE;
}

enum err job_idcard(struct job_tools *tools, const struct json *request, const struct frame *frame,
                    struct job_reply *reply)
{
    const unsigned char *bytes;
    const char *name;
    size_t len;
    TRY(check_request(request, reply, &name));
    if (!job_part(frame, 1, &bytes, &len)) {
        snprintf(reply->why, sizeof reply->why, "A picture of the card is needed.");
        return ERR_BAD_FIELD;
    }
    struct search s = {.name_similarity = NAN,
                       .wants_emblem = text_is(json_text_at(request, "side", "portrait"), "emblem")};
    for (int i = 0; i < CARD_WARNING_COUNT; i++)
        s.look.measured[i] = NAN;
    int64_t since = clock_mono_us();
    char why[IMAGE_WHY_BYTES] = "";
    enum err e = image_decode(bytes, len, IMAGE_SIDE_PX_MIN, IDCARD_LONG_EDGE_PX, &s.source, &s.picture, why);
    s.spent.decode_us = lap(&since);
    if (e != ERR_NONE)
        snprintf(reply->why, sizeof reply->why, "%.*s", JOB_WHY_BYTES - 1, why);
    if (e == ERR_NONE)
        e = search_card(&s, tools->face);
    if (e == ERR_NONE)
        e = look_closer(&s, name);
    if (e == ERR_NONE)
        e = answer(&s, json_bool_at(request, "flat", false), reply);
    image_release(&s.portrait);
    image_release(&s.picture);
    return e;
}
