#include "workers/idcard_quad.h"

#include <math.h>

#define PI              3.14159265358979323846
#define FOCAL           0.85  /* of phones, in long edges of the picture: 24–32 mm equivalent */
#define OUTSIDE         0.04  /* a corner may lie outside of the picture by this share of the long edge */
#define AREA_MIN        0.10  /* of the picture */
#define RATIO_SPREAD    0.055 /* of the logarithm: what lens, focal guess and fit leave of uncertainty */
#define RIGHT_SPREAD    0.06
#define RATIO_MAX       3.2 /* standard deviations */
#define SUPPORT_MIN     0.35
#define FRAME_WORTH     0.35 /* support of a side that is the picture's own */
#define GUESS_WORTH     0.20 /* … of a side that nothing was seen of */
#define UNSEEN_MAX      2    /* sides that nothing was seen of; the whole picture is a case of its own */
#define GUESS_LINES     24   /* the best lines only may have a side guessed opposite to them */
#define GUESS_MIN       0.55 /* share of such a line that must be marked between its neighbours */
#define WHOLE_RATIO_OFF 0.12 /* of the logarithm */
#define PAIRS_MAX       (CARD_LINES_MAX * CARD_LINES_MAX / 2)
#define CLEAR_HALF      1.5   /* votes per mark: wood grain has 1.5, a card on a dark table 5, on a white one 1 */
#define BEYOND          0.07  /* share of a side looked at beyond its ends */
#define SAME_SHARE      0.009 /* corners closer than this share of the long edge: the same candidate */

struct pair {
    uint8_t a, b;     /* lines */
    double direction; /* of their normals together, 0..PI */
};

struct search {
    const struct card_lines *lines;
    struct card_candidates *out;
    double long_px;
    size_t count;
    struct pair pairs[PAIRS_MAX];
};

/* ---- pairs ---- */

static double distance(const struct card_line *line, double x, double y)
{
    return x * line->normal_x + y * line->normal_y - line->offset_px;
}

static void pairs_make(struct search *s)
{
    double middle_x = s->lines->width_px / 2.0, middle_y = s->lines->height_px / 2.0;
    for (uint8_t i = 0; i < s->lines->count; i++)
        for (uint8_t j = (uint8_t)(i + 1); j < s->lines->count; j++) {
            const struct card_line *a = &s->lines->items[i], *b = &s->lines->items[j];
            double turned = a->normal_x * b->normal_x + a->normal_y * b->normal_y, sign = turned < 0 ? -1 : 1;
            if (fabs(turned) < cos(24 * PI / 180))
                continue;
            double apart = fabs(distance(a, middle_x, middle_y) - sign * distance(b, middle_x, middle_y));
            if (apart < 0.18 * s->long_px)
                continue;
            double x = a->normal_x + sign * b->normal_x, y = a->normal_y + sign * b->normal_y;
            s->pairs[s->count++] = (struct pair){i, j, fmod(atan2(y, x) + 2 * PI, PI)};
        }
}

/* ---- one candidate ---- */

static bool meet(const struct card_line *a, const struct card_line *b, struct card_point *at)
{
    double det = a->normal_x * b->normal_y - a->normal_y * b->normal_x;
    if (fabs(det) < 1e-6)
        return false;
    at->x = (a->offset_px * b->normal_y - b->offset_px * a->normal_y) / det;
    at->y = (a->normal_x * b->offset_px - b->normal_x * a->offset_px) / det;
    return true;
}

static bool inside(const struct search *s, struct card_point p, bool guessed)
{
    double margin = (guessed ? 5 : 1) * OUTSIDE * s->long_px;
    return p.x > -margin && p.y > -margin && p.x < s->lines->width_px + margin && p.y < s->lines->height_px + margin;
}

static double area_of(const struct card_quad *quad)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        struct card_point a = quad->corners[i], b = quad->corners[(i + 1) % 4];
        sum += a.x * b.y - a.y * b.x;
    }
    return sum / 2;
}

/* Clockwise (y runs down), long side first. sides[i] is the line of side i, from corner i to i + 1. */
static bool arrange(struct card_quad *quad, const struct card_line *sides[4])
{
    if (area_of(quad) < 0) {
        struct card_point corner = quad->corners[1];
        quad->corners[1] = quad->corners[3];
        quad->corners[3] = corner;
        const struct card_line *first = sides[0], *second = sides[1];
        sides[0] = sides[3], sides[3] = first;
        sides[1] = sides[2], sides[2] = second;
    }
    if (card_width_px(quad) < card_height_px(quad)) {
        const struct card_line *first = sides[0];
        *quad = card_turned(quad, 1);
        sides[0] = sides[1], sides[1] = sides[2], sides[2] = sides[3], sides[3] = first;
    }
    struct card_plane plane;
    return card_plane_of(quad, &plane);
}

/* How well the sides' ratio and angles fit; 0 for a perfect card, negative, or -INFINITY. */
static double shape_score(const struct search *s, const struct card_quad *quad, bool framed)
{
    struct card_plane plane;
    double square;
    if (!card_plane_of(quad, &plane))
        return -INFINITY;
    double ratio =
        card_true_ratio(&plane, s->lines->width_px / 2.0, s->lines->height_px / 2.0, FOCAL * s->long_px, &square);
    double off = log(ratio / CARD_RATIO) / (framed ? 1.6 * RATIO_SPREAD : RATIO_SPREAD), skew = square / RIGHT_SPREAD;
    if (!(fabs(off) < RATIO_MAX && fabs(skew) < RATIO_MAX))
        return -INFINITY;
    return -0.5 * (off * off + skew * skew) / 5;
}

/* Edges along the sides, none along their continuations. */
static double support_score(const struct card_quad *quad, const struct card_line *const sides[4])
{
    double sum = 0, least = 1, beyond = 0, clear = 0;
    for (int i = 0; i < 4; i++) {
        struct card_point a = quad->corners[i], b = quad->corners[(i + 1) % 4];
        if (sides[i]->is_frame || sides[i]->votes < 0) {
            sum += sides[i]->is_frame ? FRAME_WORTH : GUESS_WORTH;
            continue;
        }
        double dx = b.x - a.x, dy = b.y - a.y;
        double here = card_line_marked(sides[i], a.x + 0.06 * dx, a.y + 0.06 * dy, b.x - 0.06 * dx, b.y - 0.06 * dy);
        if (here < SUPPORT_MIN)
            return -INFINITY;
        sum += here;
        least = here < least ? here : least;
        double density = sides[i]->votes / (sides[i]->marked[CARD_LINE_BINS] + 1);
        clear += density / (density + CLEAR_HALF);
        beyond += card_line_marked(sides[i], a.x - 0.02 * dx, a.y - 0.02 * dy, a.x - BEYOND * dx, a.y - BEYOND * dy);
        beyond += card_line_marked(sides[i], b.x + 0.02 * dx, b.y + 0.02 * dy, b.x + BEYOND * dx, b.y + BEYOND * dy);
    }
    return sum / 4 + 0.5 * least + 0.15 * clear - 0.12 * beyond;
}

/* ---- the short list ---- */

static bool same(const struct card_quad *a, const struct card_quad *b, double near_px)
{
    for (int turn = 0; turn < 4; turn += 2) {
        bool all = true;
        for (int i = 0; i < 4; i++) {
            struct card_point p = a->corners[i], q = b->corners[(i + turn) % 4];
            all = all && hypot(p.x - q.x, p.y - q.y) < near_px;
        }
        if (all)
            return true;
    }
    return false;
}

static void keep(struct search *s, const struct card_candidate *candidate)
{
    struct card_candidates *out = s->out;
    size_t at = out->count;
    for (size_t i = 0; i < out->count; i++)
        if (same(&out->items[i].quad, &candidate->quad, SAME_SHARE * s->long_px)) {
            if (out->items[i].score >= candidate->score)
                return;
            at = i; /* replaces its lesser self */
            break;
        }
    if (at == CARD_QUADS_MAX - 1) { /* the last place is the whole picture's */
        at = CARD_QUADS_MAX - 2;
        if (out->items[at].score >= candidate->score)
            return;
    }
    out->count += at == out->count;
    for (; at > 0 && out->items[at - 1].score < candidate->score; at--)
        out->items[at] = out->items[at - 1];
    out->items[at] = *candidate;
}

/* Opposite sides: 0 and 2, 1 and 3. */
static void consider(struct search *s, const struct card_line *const given[4])
{
    const struct card_line *sides[4] = {given[0], given[1], given[2], given[3]};
    struct card_candidate candidate = {.unseen_sides = 0};
    bool guessed = given[3]->votes < 0;
    for (int i = 0; i < 4; i++) { /* corner i lies where side i - 1 meets side i */
        if (!meet(sides[(i + 3) % 4], sides[i], &candidate.quad.corners[i]) ||
            !inside(s, candidate.quad.corners[i], guessed))
            return;
        candidate.unseen_sides += sides[i]->is_frame || sides[i]->votes < 0;
    }
    if (candidate.unseen_sides > UNSEEN_MAX)
        return;
    double area = fabs(area_of(&candidate.quad)) / ((double)s->lines->width_px * s->lines->height_px);
    if (area < AREA_MIN || !arrange(&candidate.quad, sides))
        return;
    double shape = shape_score(s, &candidate.quad, candidate.unseen_sides > 0);
    if (shape > -10)
        candidate.score = shape + support_score(&candidate.quad, sides) + 0.4 * sqrt(area);
    if (shape > -10 && candidate.score > -10)
        keep(s, &candidate);
}

static void consider_pairs(struct search *s)
{
    const struct card_line *items = s->lines->items;
    for (size_t i = 0; i < s->count; i++)
        for (size_t j = i + 1; j < s->count; j++) {
            const struct pair *p = &s->pairs[i], *q = &s->pairs[j];
            double turned = fabs(p->direction - q->direction);
            if (turned > 62 * PI / 180 && turned < 118 * PI / 180)
                consider(s, (const struct card_line *const[]){&items[p->a], &items[q->a], &items[p->b], &items[q->b]});
        }
}

/* Three sides seen, the fourth lost in glare or cut off: it lies opposite to the one between, as far as a card is long
 * or wide. */
static void guess_opposite(struct search *s, const struct pair *p, const struct card_line *between)
{
    const struct card_line *a = &s->lines->items[p->a], *b = &s->lines->items[p->b];
    struct card_point from, to;
    if (!meet(between, a, &from) || !meet(between, b, &to) || !inside(s, from, false) || !inside(s, to, false))
        return;
    if (card_line_marked(between, from.x, from.y, to.x, to.y) < GUESS_MIN)
        return;
    double apart = hypot(to.x - from.x, to.y - from.y);
    for (int i = 0; i < 4; i++) {
        double far = (i % 2 == 0 ? apart * CARD_RATIO : apart / CARD_RATIO) * (i < 2 ? 1 : -1);
        struct card_line opposite = {between->normal_x, between->normal_y, between->offset_px + far, -1, false, {0}};
        consider(s, (const struct card_line *const[]){a, between, b, &opposite});
    }
}

static void consider_guesses(struct search *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct pair *p = &s->pairs[i];
        const struct card_line *items = s->lines->items;
        if (p->a >= GUESS_LINES || p->b >= GUESS_LINES || items[p->a].is_frame || items[p->b].is_frame)
            continue;
        for (size_t j = 0; j < s->lines->count && j < GUESS_LINES; j++) {
            double turned = fabs(fmod(atan2(items[j].normal_y, items[j].normal_x) + 2 * PI, PI) - p->direction);
            if (!items[j].is_frame && turned > 62 * PI / 180 && turned < 118 * PI / 180)
                guess_opposite(s, p, &items[j]);
        }
    }
}

/* A scan, or a picture somebody has cut to the card: there is nothing around it to see. */
static void add_whole(struct search *s)
{
    double width = s->lines->width_px, height = s->lines->height_px, ratio = width / height;
    struct card_candidate whole = {{{{0, 0}, {width, 0}, {width, height}, {0, height}}}, 0, 4};
    double off = fabs(log((ratio > 1 ? ratio : 1 / ratio) / CARD_RATIO));
    if (off > WHOLE_RATIO_OFF)
        return;
    if (ratio < 1)
        whole.quad = card_turned(&whole.quad, 1);
    size_t at = off < WHOLE_RATIO_OFF / 4 ? 0 : s->out->count; /* the card's own ratio hardly comes by chance */
    memmove(&s->out->items[at + 1], &s->out->items[at], (s->out->count - at) * sizeof whole);
    s->out->items[at] = whole;
    s->out->count++;
}

void card_quads_find(const struct card_lines *lines, struct card_candidates *out)
{
    struct search *s = malloc(sizeof *s);
    out->count = 0;
    if (s == NULL)
        return;
    s->lines = lines;
    s->out = out;
    s->count = 0;
    s->long_px = lines->width_px > lines->height_px ? lines->width_px : lines->height_px;
    pairs_make(s);
    consider_pairs(s);
    consider_guesses(s);
    add_whole(s);
    free(s);
}
