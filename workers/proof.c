#include "workers/proof.h"

#include "workers/resample.h"

#include <math.h>

#define SURE_PERSON    250 /* alpha from here on is person */
#define SURE_WALL      5   /* … up to here background */
#define FACE_MARGIN_PX 5   /* what a JPEG smears from the edge into the face */

/* ---- zones ---- */

/* Counts of pixels for which something holds, summed from the top left: any rectangle in four look-ups. */
struct sums {
    int32_t width_px, height_px;
    uint32_t *at; /* (width + 1) × (height + 1) */
};

static bool sums_make(const struct plane *alpha, int low, int high, struct sums *sums)
{
    size_t stride = (size_t)alpha->width_px + 1;
    *sums = (struct sums){alpha->width_px, alpha->height_px,
                          calloc(stride * ((size_t)alpha->height_px + 1), sizeof *sums->at)};
    if (sums->at == NULL)
        return false;
    for (int32_t y = 0; y < alpha->height_px; y++) {
        const unsigned char *row = alpha->values + (size_t)y * (size_t)alpha->width_px;
        uint32_t *above = sums->at + (size_t)y * stride, *to = above + stride, line = 0;
        for (int32_t x = 0; x < alpha->width_px; x++) {
            line += row[x] >= low && row[x] <= high;
            to[x + 1] = above[x + 1] + line;
        }
    }
    return true;
}

/* None within `reach` pixels of (x, y), square; beyond the picture there is nothing. */
static bool none_near(const struct sums *sums, int32_t x, int32_t y, int32_t reach)
{
    size_t left = (size_t)(x < reach ? 0 : x - reach), top = (size_t)(y < reach ? 0 : y - reach);
    size_t right = (size_t)(x + reach + 1 > sums->width_px ? sums->width_px : x + reach + 1);
    size_t bottom = (size_t)(y + reach + 1 > sums->height_px ? sums->height_px : y + reach + 1);
    size_t stride = (size_t)sums->width_px + 1;
    return sums->at[bottom * stride + right] - sums->at[top * stride + right] ==
           sums->at[bottom * stride + left] - sums->at[top * stride + left];
}

static double cross(struct face_point o, struct face_point a, struct face_point b)
{
    return (double)(a.x_px - o.x_px) * (double)(b.y_px - o.y_px) -
           (double)(a.y_px - o.y_px) * (double)(b.x_px - o.x_px);
}

static int by_place(const void *a, const void *b)
{
    const struct face_point *p = a, *q = b;
    if (p->x_px < q->x_px || p->x_px > q->x_px)
        return p->x_px < q->x_px ? -1 : 1;
    return p->y_px < q->y_px ? -1 : p->y_px > q->y_px;
}

/* Andrew's monotone chain; returns the number of corners. */
static size_t hull_of(const struct face_landmarks *marks, struct face_point corners[2 * FACE_LANDMARKS])
{
    struct face_point sorted[FACE_LANDMARKS];
    size_t count = 0;
    memcpy(sorted, marks->points, sizeof sorted);
    qsort(sorted, FACE_LANDMARKS, sizeof *sorted, by_place);
    for (size_t i = 0; i < FACE_LANDMARKS; i++) {
        while (count >= 2 && cross(corners[count - 2], corners[count - 1], sorted[i]) <= 0)
            count--;
        corners[count++] = sorted[i];
    }
    for (size_t i = FACE_LANDMARKS - 1, lower = count + 1; i-- > 0;) {
        while (count >= lower && cross(corners[count - 2], corners[count - 1], sorted[i]) <= 0)
            count--;
        corners[count++] = sorted[i];
    }
    return count - 1;
}

static void grow(struct face_point *corners, size_t count, double share)
{
    double x = 0, y = 0;
    for (size_t i = 0; i < count; i++) {
        x += (double)corners[i].x_px / (double)count;
        y += (double)corners[i].y_px / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        corners[i].x_px = (float)(x + (corners[i].x_px - x) * (1 + 2 * share));
        corners[i].y_px = (float)(y + (corners[i].y_px - y) * (1 + 2 * share));
    }
}

/* The columns that row y of a convex polygon covers; false when it covers none. */
static bool row_inside(const struct face_point *corners, size_t count, double y, double *left, double *right)
{
    *left = INFINITY, *right = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        struct face_point a = corners[i], b = corners[(i + 1) % count];
        double low = fmin(a.y_px, b.y_px), high = fmax(a.y_px, b.y_px);
        if (y < low || y > high || high - low < 1e-6)
            continue;
        double x = a.x_px + (b.x_px - a.x_px) * (y - a.y_px) / (b.y_px - a.y_px);
        *left = fmin(*left, x);
        *right = fmax(*right, x);
    }
    return *left <= *right;
}

static void draw_face(const struct face_landmarks *marks, const struct sums *not_person, struct plane *zones)
{
    struct face_point corners[2 * FACE_LANDMARKS];
    size_t count = hull_of(marks, corners);
    grow(corners, count, PROOF_FACE_GROWTH);
    for (int32_t y = 0; y < zones->height_px; y++) {
        double left, right;
        if (!row_inside(corners, count, y, &left, &right))
            continue;
        int32_t last = (int32_t)fmin(zones->width_px - 1, right);
        for (int32_t x = (int32_t)fmax(0, left); x <= last; x++)
            if (none_near(not_person, x, y, FACE_MARGIN_PX))
                zones->values[(size_t)y * (size_t)zones->width_px + (size_t)x] = PROOF_FACE;
    }
}

enum err proof_zones(const struct plane *alpha, const struct face_landmarks *marks, int32_t width_px, int32_t height_px,
                     double band_px, struct plane *zones)
{
    struct plane fitted = {0};
    struct sums not_person = {0}, not_wall = {0};
    int32_t reach = (int32_t)lround(band_px);
    *zones = (struct plane){width_px, height_px, calloc((size_t)width_px * (size_t)height_px, 1)};
    bool good = resample_plane(alpha, width_px, height_px, &fitted) == ERR_NONE && zones->values != NULL &&
                sums_make(&fitted, 0, SURE_PERSON - 1, &not_person) &&
                sums_make(&fitted, SURE_WALL + 1, 255, &not_wall);
    for (int32_t y = 0; good && y < height_px; y++)
        for (int32_t x = 0; x < width_px; x++) {
            unsigned char *zone = &zones->values[(size_t)y * (size_t)width_px + (size_t)x];
            if (none_near(&not_person, x, y, reach))
                *zone = PROOF_PERSON;
            else if (none_near(&not_wall, x, y, reach))
                *zone = PROOF_WALL;
        }
    if (good)
        draw_face(marks, &not_person, zones);
    plane_release(&fitted);
    free(not_person.at);
    free(not_wall.at);
    if (!good)
        plane_release(zones);
    return good ? ERR_NONE : ERR_BUSY;
}

/* ---- differences ---- */

/* b − a around (x, y), averaged over the 3×3 pixels that lie in the zones low..high; the channel that differs most. */
static double local_difference(const struct image *a, const struct image *b, const struct plane *zones, int low,
                               int high, int32_t x, int32_t y)
{
    int sum[3] = {0}, count = 0;
    for (int32_t v = y > 0 ? y - 1 : 0; v <= y + 1 && v < a->height_px; v++)
        for (int32_t u = x > 0 ? x - 1 : 0; u <= x + 1 && u < a->width_px; u++) {
            size_t at = (size_t)v * (size_t)a->width_px + (size_t)u;
            if (zones->values[at] < low || zones->values[at] > high)
                continue;
            for (size_t c = 0; c < 3; c++)
                sum[c] += b->rgb[3 * at + c] - a->rgb[3 * at + c];
            count++;
        }
    int most = abs(sum[0]) > abs(sum[1]) ? abs(sum[0]) : abs(sum[1]);
    most = most > abs(sum[2]) ? most : abs(sum[2]);
    return count == 0 ? 0 : (double)most / count;
}

static void add_over(struct proof_difference *out, int32_t box[4], int32_t x, int32_t y)
{
    out->over_count++;
    box[0] = x < box[0] ? x : box[0];
    box[1] = y < box[1] ? y : box[1];
    box[2] = x > box[2] ? x : box[2];
    box[3] = y > box[3] ? y : box[3];
}

static void differ(const struct image *a, const struct image *b, const struct plane *zones, int low, int high,
                   double limit, struct proof_difference *out)
{
    double sum = 0;
    int32_t box[4] = {INT32_MAX, INT32_MAX, -1, -1};
    *out = (struct proof_difference){0};
    for (int32_t y = 0; y < a->height_px; y++)
        for (int32_t x = 0; x < a->width_px; x++) {
            int zone = zones->values[(size_t)y * (size_t)a->width_px + (size_t)x];
            if (zone < low || zone > high)
                continue;
            double difference = local_difference(a, b, zones, low, high, x, y);
            sum += difference;
            out->count++;
            if (difference > limit)
                add_over(out, box, x, y);
            if (difference > out->max)
                out->max = difference, out->max_x = x, out->max_y = y;
        }
    if (out->count > 0)
        out->mean = sum / (double)out->count;
    if (out->over_count > 0)
        out->over = (struct face_box){box[0], box[1], box[2] - box[0] + 1, box[3] - box[1] + 1, 0};
}

void proof_differ(const struct image *a, const struct image *b, const struct plane *zones, enum proof_zone from,
                  double limit, struct proof_difference *out)
{
    differ(a, b, zones, (int)from, PROOF_FACE, limit, out);
}

void proof_differ_in(const struct image *a, const struct image *b, const struct plane *zones, enum proof_zone zone,
                     double limit, struct proof_difference *out)
{
    differ(a, b, zones, (int)zone, (int)zone, limit, out);
}

double proof_mean(const struct image *a, const struct image *b, const struct plane *zones)
{
    double sum = 0, count = 0;
    for (int32_t y = 1; y < a->height_px; y += 3)
        for (int32_t x = 1; x < a->width_px; x += 3)
            if (zones->values[(size_t)y * (size_t)a->width_px + (size_t)x] >= PROOF_PERSON) {
                sum += local_difference(a, b, zones, PROOF_PERSON, PROOF_FACE, x, y);
                count += 1;
            }
    return count > 0 ? sum / count : 0;
}

#define JPEG_BLOCK_PX 16 /* at half the colour resolution: beyond it nothing rings */

static bool block_is_wall(const struct plane *zones, int32_t left, int32_t top)
{
    for (int32_t y = top; y < top + JPEG_BLOCK_PX && y < zones->height_px; y++)
        for (int32_t x = left; x < left + JPEG_BLOCK_PX && x < zones->width_px; x++)
            if (zones->values[(size_t)y * (size_t)zones->width_px + (size_t)x] != PROOF_WALL)
                return false;
    return true;
}

int proof_wall_error(const struct image *photo, const struct plane *zones, const unsigned char colour[3], int32_t *x,
                     int32_t *y)
{
    int most = 0;
    *x = *y = 0;
    for (int32_t v = 0; v < photo->height_px; v++)
        for (int32_t u = 0; u < photo->width_px; u++) {
            int32_t left = u / JPEG_BLOCK_PX * JPEG_BLOCK_PX, top = v / JPEG_BLOCK_PX * JPEG_BLOCK_PX;
            if (u == left && !block_is_wall(zones, left, top)) {
                u += JPEG_BLOCK_PX - 1;
                continue;
            }
            if (u == left || v == top || u == left + JPEG_BLOCK_PX - 1 || v == top + JPEG_BLOCK_PX - 1)
                continue; /* decoders smooth colours into the next block */
            const unsigned char *at = photo->rgb + ((size_t)v * (size_t)photo->width_px + (size_t)u) * 3;
            for (size_t c = 0; c < 3; c++) {
                int off = abs(at[c] - colour[c]);
                if (off > most)
                    most = off, *x = u, *y = v;
            }
        }
    return most;
}

/* ---- holes ---- */

#define HOLE_LIMIT  8.0   /* differences below are no hole */
#define HOLE_REACH  5     /* so far around it edges and JPEG smear it */
#define HOLE_MIXED  0.08  /* from this share of background on it is one */
#define HOLE_ASIDE  14.0  /* how far a mixture of two colours may lie beside the line between them */
#define HOLE_SHRINK -0.06 /* of the hull's size: mattes bite at the cheeks' edge */
#define HOLE_MARK   255

/* b is a mixture of a and the background's colour. */
static bool mixed_in(const unsigned char a[3], const unsigned char b[3], const unsigned char colour[3])
{
    double along = 0, length = 0, aside = 0;
    for (size_t c = 0; c < 3; c++) {
        along += (double)(b[c] - a[c]) * (colour[c] - a[c]);
        length += (double)(colour[c] - a[c]) * (colour[c] - a[c]);
    }
    if (length < 1 || along < HOLE_MIXED * length)
        return false;
    double share = along / length;
    for (size_t c = 0; c < 3; c++)
        aside = fmax(aside, fabs(b[c] - a[c] - share * (colour[c] - a[c])));
    return share <= 1.2 && aside <= HOLE_ASIDE;
}

static void open_around(struct plane *zones, int32_t x, int32_t y)
{
    for (int32_t v = y > HOLE_REACH ? y - HOLE_REACH : 0; v <= y + HOLE_REACH && v < zones->height_px; v++)
        for (int32_t u = x > HOLE_REACH ? x - HOLE_REACH : 0; u <= x + HOLE_REACH && u < zones->width_px; u++) {
            unsigned char *zone = &zones->values[(size_t)v * (size_t)zones->width_px + (size_t)u];
            *zone = *zone >= PROOF_PERSON ? HOLE_MARK : *zone;
        }
}

double proof_forgive_holes(const struct image *a, const struct image *b, const unsigned char colour[3],
                           const struct face_landmarks *marks, struct plane *zones)
{
    struct face_point corners[2 * FACE_LANDMARKS];
    size_t count = hull_of(marks, corners), person = 0, opened = 0;
    grow(corners, count, HOLE_SHRINK);
    for (int32_t y = 0; y < zones->height_px; y++) {
        double left, right;
        bool crosses = row_inside(corners, count, y, &left, &right);
        for (int32_t x = 0; x < zones->width_px; x++) {
            size_t at = (size_t)y * (size_t)zones->width_px + (size_t)x;
            if (zones->values[at] < PROOF_PERSON || (crosses && x >= left && x <= right))
                continue;
            if (local_difference(a, b, zones, PROOF_PERSON, HOLE_MARK, x, y) > HOLE_LIMIT &&
                mixed_in(a->rgb + 3 * at, b->rgb + 3 * at, colour))
                open_around(zones, x, y);
        }
    }
    for (size_t i = 0; i < (size_t)zones->width_px * (size_t)zones->height_px; i++) {
        person += zones->values[i] >= PROOF_PERSON;
        opened += zones->values[i] == HOLE_MARK;
        if (zones->values[i] == HOLE_MARK)
            zones->values[i] = PROOF_BAND;
    }
    return person > 0 ? (double)opened / (double)person : 0;
}

/* ---- tone and detail ---- */

/* Sums for a line through points (u, v). */
struct line {
    double n, u, v, uu, vv, uv;
};

static void line_add(struct line *line, double u, double v)
{
    line->n += 1;
    line->u += u, line->v += v;
    line->uu += u * u, line->vv += v * v, line->uv += u * v;
}

static double grey(const unsigned char *rgb)
{
    return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

void proof_tone(const struct image *a, const struct image *b, const struct plane *zones, struct proof_tone *out)
{
    struct line lines[4] = {{0}}; /* red, green, blue, grey */
    for (size_t i = 0; i < (size_t)a->width_px * (size_t)a->height_px; i++) {
        if (zones->values[i] < PROOF_PERSON)
            continue;
        for (size_t c = 0; c < 3; c++)
            line_add(&lines[c], a->rgb[3 * i + c], b->rgb[3 * i + c]);
        line_add(&lines[3], grey(a->rgb + 3 * i), grey(b->rgb + 3 * i));
    }
    *out = (struct proof_tone){.gain = {1, 1, 1}};
    for (size_t c = 0; c < 3; c++) {
        const struct line *l = &lines[c];
        double spread = l->n * l->uu - l->u * l->u;
        if (spread > l->n * l->n)
            out->gain[c] = (l->n * l->uv - l->u * l->v) / spread;
        if (l->n > 0)
            out->offset[c] = (l->v - out->gain[c] * l->u) / l->n;
    }
    const struct line *g = &lines[3];
    double spread = (g->n * g->uu - g->u * g->u) * (g->n * g->vv - g->v * g->v);
    if (spread > 0)
        out->correlation = (g->n * g->uv - g->u * g->v) / sqrt(spread);
}

/* Grey at (x, y) minus its 3×3 mean; false beside another zone or on an edge, where detail is not texture. */
#define DETAIL_EDGE 24.0
static bool detail_at(const struct image *image, const struct plane *zones, enum proof_zone zone, int32_t x, int32_t y,
                      double *detail)
{
    double sum = 0, low = 255, high = 0, middle = 0;
    for (int32_t v = y - 1; v <= y + 1; v++)
        for (int32_t u = x - 1; u <= x + 1; u++) {
            size_t at = (size_t)v * (size_t)image->width_px + (size_t)u;
            double value = grey(image->rgb + 3 * at);
            if (zones->values[at] != zone)
                return false;
            sum += value;
            low = fmin(low, value);
            high = fmax(high, value);
            if (u == x && v == y)
                middle = value;
        }
    *detail = middle - sum / 9;
    return high - low <= DETAIL_EDGE;
}

double proof_detail(const struct image *a, const struct image *b, const struct plane *zones, enum proof_zone zone)
{
    double in_a = 0, in_b = 0, detail_a, detail_b;
    for (int32_t y = 1; y + 1 < a->height_px; y++)
        for (int32_t x = 1; x + 1 < a->width_px; x++)
            if (detail_at(a, zones, zone, x, y, &detail_a)) {
                (void)detail_at(b, zones, zone, x, y, &detail_b);
                in_a += detail_a * detail_a;
                in_b += detail_b * detail_b;
            }
    return in_a > 0 ? sqrt(in_b / in_a) : NAN;
}
