#include "workers/idcard_lines.h"

#include "base/check.h"

#include <math.h>

#define PI           3.14159265358979323846
#define EDGES_MAX    30000
#define FINE         8     /* steps per grey: the direction of a weak edge needs more than eight bits */
#define RIM_PX       5     /* smoothing ends there, which looks like an edge */
#define STRENGTH_MIN 5     /* of 255 between neighbours, after smoothing: below it is grain */
#define STRENGTH_TOP 48    /* stronger edges count no more: writing is stronger than borders */
#define ANGLES       180   /* whole degrees of the normal */
#define VOTE_SPREAD  4     /* degrees either side of the gradient */
#define APART_PX     4.0   /* two lines closer than this and … */
#define APART_DEG    4.0   /* … turned by less are one */
#define NEAR_PX      2.5   /* edges this near a line are fitted to it */
#define NEAR_COSINE  0.978 /* … when their gradients differ by less than 12° */
#define VOTES_MIN    0.08  /* share of the short side that must vote */
#define FITS         2

struct edge {
    int16_t x, y;
    uint8_t strength, angle_deg; /* of the gradient, 0..179 */
    float cosine, sine;          /* of that angle */
};

struct edges {
    size_t count;
    struct edge items[EDGES_MAX];
};

/* ---- edges ---- */

/* The root makes a step between two greys as strong in the shade as in the light. */
static void root(const struct image *from, uint16_t *to)
{
    uint16_t roots[256];
    for (int i = 0; i < 256; i++)
        roots[i] = (uint16_t)lround(sqrt(i * 255.0) * FINE);
    size_t count = (size_t)from->width_px * (size_t)from->height_px * 3;
    for (size_t i = 0; i < count; i++)
        to[i] = roots[from->rgb[i]];
}

/* 3×3 binomial smoothing of all channels; the outermost pixels stay as they are. */
static void smooth(const uint16_t *from, int32_t width, int32_t height, uint16_t *to)
{
    size_t step = (size_t)width * 3;
    memcpy(to, from, step * (size_t)height * sizeof *to);
    for (int32_t y = 1; y + 1 < height; y++) {
        const uint16_t *p = from + (size_t)y * step;
        uint16_t *out = to + (size_t)y * step;
        for (size_t i = 3; i + 3 < step; i++) {
            int sum = p[i - step - 3] + 2 * p[i - step] + p[i - step + 3] + 2 * p[i - 3] + 4 * p[i] + 2 * p[i + 3] +
                      p[i + step - 3] + 2 * p[i + step] + p[i + step + 3];
            out[i] = (uint16_t)((sum + 8) >> 4);
        }
    }
}

struct slope {
    int16_t x, y; /* of the channel that changes most: differences over four pixels */
    uint8_t strength;
};

static void slopes_make(const uint16_t *rgb, int32_t width, int32_t height, struct slope *slopes)
{
    size_t step = (size_t)width * 3;
    memset(slopes, 0, (size_t)width * (size_t)height * sizeof *slopes);
    for (int32_t y = 2; y + 2 < height; y++) {
        for (int32_t x = 2; x + 2 < width; x++) {
            const uint16_t *p = rgb + (size_t)y * step + (size_t)x * 3;
            int best = 0, best_x = 0, best_y = 0;
            for (size_t c = 0; c < 3; c++) {
                int dx = p[c + 6] - *(p + c - 6), dy = p[c + 2 * step] - *(p + c - 2 * step), size = dx * dx + dy * dy;
                if (size > best)
                    best = size, best_x = dx, best_y = dy;
            }
            int strength = (int)(sqrtf((float)best) / FINE);
            slopes[(size_t)y * (size_t)width + (size_t)x] =
                (struct slope){(int16_t)best_x, (int16_t)best_y, (uint8_t)(strength > 255 ? 255 : strength)};
        }
    }
}

/* Is the pixel the strongest across its edge? The neighbour is one pixel along the gradient's main axes. */
static bool is_crest(const struct slope *s, int32_t width)
{
    int ax = abs(s->x), ay = abs(s->y);
    ptrdiff_t across = 0;
    if (ax * 2 > ay)
        across += s->x > 0 ? 1 : -1;
    if (ay * 2 > ax)
        across += s->y > 0 ? width : -width;
    return s->strength >= s[across].strength && s->strength > s[-across].strength;
}

/* The strength that leaves at most EDGES_MAX edges. */
static int threshold_of(const size_t histogram[256])
{
    size_t count = 0;
    int at = 255;
    while (at > STRENGTH_MIN && count + histogram[at] < EDGES_MAX)
        count += histogram[at--];
    return at + (count + histogram[at] >= EDGES_MAX);
}

static void edges_collect(const struct slope *slopes, int32_t width, int32_t height, struct edges *edges)
{
    size_t histogram[256] = {0};
    for (int32_t y = RIM_PX; y + RIM_PX < height; y++)
        for (int32_t x = RIM_PX; x + RIM_PX < width; x++) {
            const struct slope *s = slopes + (size_t)y * (size_t)width + (size_t)x;
            if (s->strength >= STRENGTH_MIN && is_crest(s, width))
                histogram[s->strength]++;
        }
    int threshold = threshold_of(histogram);
    edges->count = 0;
    for (int32_t y = RIM_PX; y + RIM_PX < height; y++)
        for (int32_t x = RIM_PX; x + RIM_PX < width; x++) {
            const struct slope *s = slopes + (size_t)y * (size_t)width + (size_t)x;
            if (s->strength < threshold || !is_crest(s, width) || edges->count == EDGES_MAX)
                continue;
            int angle = (int)lroundf(atan2f(s->y, s->x) * (float)(180 / PI));
            float length = hypotf(s->x, s->y);
            edges->items[edges->count++] = (struct edge){
                (int16_t)x, (int16_t)y, s->strength, (uint8_t)((angle + 360) % 180), s->x / length, s->y / length};
        }
}

/* ---- votes ---- */

struct votes {
    int32_t offsets; /* cells per angle; the middle one is offset 0 */
    float *cells;
};

static void vote(struct votes *votes, const struct edges *edges)
{
    double cosines[ANGLES], sines[ANGLES];
    for (int a = 0; a < ANGLES; a++) {
        cosines[a] = cos(a * PI / ANGLES);
        sines[a] = sin(a * PI / ANGLES);
    }
    for (size_t i = 0; i < edges->count; i++) {
        const struct edge *edge = &edges->items[i];
        float weight = 1 + (float)(edge->strength < STRENGTH_TOP ? edge->strength : STRENGTH_TOP) / (STRENGTH_TOP / 2);
        for (int spread = -VOTE_SPREAD; spread <= VOTE_SPREAD; spread++) {
            int angle = (edge->angle_deg + spread + ANGLES) % ANGLES;
            int32_t offset = (int32_t)lround(edge->x * cosines[angle] + edge->y * sines[angle]) + votes->offsets / 2;
            votes->cells[(size_t)angle * (size_t)votes->offsets + (size_t)offset] += weight;
        }
    }
}

/* How far two lines are apart in the picture: the larger of their distances where they cross it. */
static bool same_line(const struct card_line *a, const struct card_line *b, double reach_px)
{
    double turned = a->normal_x * b->normal_x + a->normal_y * b->normal_y, sign = turned < 0 ? -1 : 1;
    if (fabs(turned) < cos(APART_DEG * PI / 180))
        return false;
    /* b's distance from a at both ends of the stretch of a inside the picture, measured from its foot point */
    double foot_x = a->normal_x * a->offset_px, foot_y = a->normal_y * a->offset_px, nearest = INFINITY;
    for (int i = 0; i <= 4; i++) {
        double along = reach_px * i / 4;
        for (int side = -1; side <= 1; side += 2) {
            double x = foot_x - a->normal_y * along * side, y = foot_y + a->normal_x * along * side;
            if (x < 0 || y < 0 || x > reach_px || y > reach_px)
                continue;
            double off = fabs(sign * (x * b->normal_x + y * b->normal_y) - sign * b->offset_px);
            nearest = off < nearest ? off : nearest;
        }
    }
    return nearest < APART_PX;
}

static bool is_new(const struct card_lines *lines, const struct card_line *line)
{
    double reach = lines->width_px > lines->height_px ? lines->width_px : lines->height_px;
    for (size_t i = 0; i < lines->count; i++)
        if (same_line(&lines->items[i], line, reach))
            return false;
    return true;
}

static bool is_peak(const struct votes *votes, int angle, int32_t offset)
{
    const float *row = votes->cells + (size_t)angle * (size_t)votes->offsets + offset;
    return row[0] > 0 && row[0] >= row[-1] && row[0] > row[1];
}

#define PEAKS_MAX 2000

struct peak {
    float votes;
    int16_t angle, offset;
};

static int by_votes(const void *a, const void *b)
{
    const struct peak *x = a, *y = b;
    return x->votes < y->votes ? 1 : x->votes > y->votes ? -1 : 0;
}

static void peaks_take(const struct votes *votes, struct peak *peaks, struct card_lines *lines)
{
    double short_px = lines->width_px < lines->height_px ? lines->width_px : lines->height_px;
    float least = (float)(VOTES_MIN * short_px);
    size_t count = 0;
    for (int angle = 0; angle < ANGLES; angle++)
        for (int32_t offset = 1; offset + 1 < votes->offsets; offset++) {
            float cell = votes->cells[(size_t)angle * (size_t)votes->offsets + (size_t)offset];
            if (cell >= least && count < PEAKS_MAX && is_peak(votes, angle, offset))
                peaks[count++] = (struct peak){cell, (int16_t)angle, (int16_t)(offset - votes->offsets / 2)};
        }
    qsort(peaks, count, sizeof *peaks, by_votes);
    for (size_t i = 0; i < count && lines->count + 4 < CARD_LINES_MAX; i++) {
        struct card_line *line = &lines->items[lines->count];
        line->normal_x = cos(peaks[i].angle * PI / ANGLES);
        line->normal_y = sin(peaks[i].angle * PI / ANGLES);
        line->offset_px = peaks[i].offset;
        line->votes = (double)peaks[i].votes;
        line->is_frame = false;
        if (is_new(lines, line))
            lines->count++;
    }
}

/* ---- fit and marks ---- */

static bool belongs(const struct card_line *line, const struct edge *edge, double near_px)
{
    if (fabs(edge->x * line->normal_x + edge->y * line->normal_y - line->offset_px) > near_px)
        return false;
    return fabs(line->normal_x * (double)edge->cosine + line->normal_y * (double)edge->sine) > NEAR_COSINE;
}

/* Least squares across the line. */
static void fit(struct card_line *line, const struct edges *edges)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
    for (size_t i = 0; i < edges->count; i++) {
        const struct edge *edge = &edges->items[i];
        if (!belongs(line, edge, NEAR_PX))
            continue;
        n++, x += edge->x, y += edge->y;
        xx += (double)edge->x * edge->x, xy += (double)edge->x * edge->y, yy += (double)edge->y * edge->y;
    }
    if (n < 8)
        return;
    x /= n, y /= n;
    double along = 0.5 * atan2(2 * (xy / n - x * y), (xx / n - x * x) - (yy / n - y * y));
    double normal_x = -sin(along), normal_y = cos(along);
    if (fabs(normal_x * line->normal_x + normal_y * line->normal_y) < cos(APART_DEG * PI / 180))
        return; /* a blot, not a line */
    *line = (struct card_line){normal_x, normal_y, x * normal_x + y * normal_y, line->votes, false, {0}};
}

/* Bins count from the foot point of the origin, which lies in the middle bin. */
static double bin_of(const struct card_line *line, double x, double y)
{
    return (-line->normal_y * x + line->normal_x * y) / CARD_LINE_BIN_PX + CARD_LINE_BINS / 2.0;
}

static void mark(struct card_line *line, const struct edges *edges)
{
    bool marks[CARD_LINE_BINS] = {false};
    for (size_t i = 0; i < edges->count; i++)
        if (belongs(line, &edges->items[i], NEAR_PX)) {
            double bin = bin_of(line, edges->items[i].x, edges->items[i].y);
            if (bin >= 0 && bin < CARD_LINE_BINS)
                marks[(int)bin] = true;
        }
    line->marked[0] = 0;
    for (int i = 0; i < CARD_LINE_BINS; i++)
        line->marked[i + 1] = (uint16_t)(line->marked[i] + marks[i]);
}

double card_line_marked(const struct card_line *line, double from_x, double from_y, double to_x, double to_y)
{
    double a = bin_of(line, from_x, from_y), b = bin_of(line, to_x, to_y);
    double low = a < b ? a : b, high = a < b ? b : a;
    low = low > 0 ? low : 0;
    high = high < CARD_LINE_BINS ? high : CARD_LINE_BINS;
    if (!(high - low >= 1))
        return 0;
    int first = (int)low, last = (int)ceil(high);
    return (double)(line->marked[last] - line->marked[first]) / (last - first);
}

/* ---- together ---- */

static void add_frame(struct card_lines *lines)
{
    const double sides[4][3] = {
        {1, 0, 0}, {1, 0, (double)lines->width_px}, {0, 1, 0}, {0, 1, (double)lines->height_px}};
    for (int i = 0; i < 4; i++)
        lines->items[lines->count++] = (struct card_line){sides[i][0], sides[i][1], sides[i][2], 0, true, {0}};
}

enum err card_lines_find(const struct image *picture, struct card_lines *out)
{
    int32_t width = picture->width_px, height = picture->height_px;
    CHECK(width <= CARD_LINES_PX_MAX && height <= CARD_LINES_PX_MAX);
    size_t pixels = (size_t)width * (size_t)height;
    struct votes votes = {.offsets = 2 * ((int32_t)hypot(width, height) + 3) + 1};
    uint16_t *soft = malloc(pixels * 3 * sizeof *soft), *softer = malloc(pixels * 3 * sizeof *soft);
    struct slope *slopes = malloc(pixels * sizeof *slopes);
    struct edges *edges = malloc(sizeof *edges);
    struct peak *peaks = malloc(PEAKS_MAX * sizeof *peaks);
    votes.cells = calloc((size_t)ANGLES * (size_t)votes.offsets, sizeof *votes.cells);
    bool good =
        soft != NULL && softer != NULL && slopes != NULL && edges != NULL && peaks != NULL && votes.cells != NULL;
    out->width_px = width;
    out->height_px = height;
    out->count = 0;
    if (good) {
        root(picture, softer);
        smooth(softer, width, height, soft);
        smooth(soft, width, height, softer);
        smooth(softer, width, height, soft);
        slopes_make(soft, width, height, slopes);
        edges_collect(slopes, width, height, edges);
        vote(&votes, edges);
        peaks_take(&votes, peaks, out);
        for (size_t i = 0; i < out->count; i++) {
            for (int time = 0; time < FITS; time++)
                fit(&out->items[i], edges);
            mark(&out->items[i], edges);
        }
        add_frame(out);
    }
    free(votes.cells);
    free(peaks);
    free(edges);
    free(slopes);
    free(softer);
    free(soft);
    return good ? ERR_NONE : ERR_BUSY;
}
