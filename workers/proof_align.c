#include "workers/proof_align.h"

#include "base/err.h"
#include "workers/proof.h"

#include <math.h>

#define SAMPLE_PX 3 /* a third of the pixels each way is enough: the fields are blurred */
#define ROUNDS    8 /* per level; it stands still after four or five */
#define PI        3.14159265358979323846

/* Grey values, blurred. */
struct field {
    int32_t width_px, height_px;
    float *at;
};

/* The similarity x' = a·x − b·y + c, y' = b·x + a·y + d around the picture's middle. */
struct similarity {
    double a, b, c, d;
};

static double value_at(const struct field *f, double x, double y)
{
    x = fmin(fmax(x, 0), f->width_px - 1.001);
    y = fmin(fmax(y, 0), f->height_px - 1.001);
    size_t left = (size_t)x, top = (size_t)y, at = top * (size_t)f->width_px + left;
    double u = x - (double)left, v = y - (double)top;
    const float *p = f->at + at, *q = p + f->width_px;
    return (1 - v) * ((1 - u) * (double)p[0] + u * (double)p[1]) + v * ((1 - u) * (double)q[0] + u * (double)q[1]);
}

/* Box means of one line, in place; edges repeated. */
static void blur_line(float *at, int32_t count, size_t stride, int32_t radius, float *line)
{
    for (int32_t i = 0; i < count; i++)
        line[i] = at[(size_t)i * stride];
    float sum = 0;
    for (int32_t i = -radius; i <= radius; i++)
        sum += line[i < 0 ? 0 : i >= count ? count - 1 : i];
    for (int32_t i = 0; i < count; i++) {
        at[(size_t)i * stride] = sum / (float)(2 * radius + 1);
        int32_t in = i + radius + 1, out = i - radius;
        sum += line[in >= count ? count - 1 : in] - line[out < 0 ? 0 : out];
    }
}

/* Two box passes each way: near enough to a bell. */
static void field_fill(struct field *f, const struct image *from, int32_t radius, float *line)
{
    size_t width = (size_t)f->width_px;
    for (size_t i = 0; i < width * (size_t)f->height_px; i++)
        f->at[i] = 0.299F * (float)from->rgb[3 * i] + 0.587F * (float)from->rgb[3 * i + 1] +
                   0.114F * (float)from->rgb[3 * i + 2];
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t y = 0; y < f->height_px; y++)
            blur_line(f->at + (size_t)y * width, f->width_px, 1, radius, line);
        for (int32_t x = 0; x < f->width_px; x++)
            blur_line(f->at + x, f->height_px, width, radius, line);
    }
}

#define UNKNOWNS                                                                                                       \
    6 /* a, b, c, d of the similarity; gain and offset of the grey, or brightening would look like motion */

static bool solve(double m[UNKNOWNS][UNKNOWNS + 1])
{
    for (int i = 0; i < UNKNOWNS; i++) {
        int best = i;
        for (int r = i + 1; r < UNKNOWNS; r++)
            best = fabs(m[r][i]) > fabs(m[best][i]) ? r : best;
        if (fabs(m[best][i]) < 1e-9)
            return false;
        for (int k = 0; k <= UNKNOWNS; k++) {
            double swap = m[i][k];
            m[i][k] = m[best][k];
            m[best][k] = swap;
        }
        for (int r = 0; r < UNKNOWNS; r++) {
            double factor = r == i ? 0 : m[r][i] / m[i][i];
            for (int k = i; k <= UNKNOWNS; k++)
                m[r][k] -= factor * m[i][k];
        }
    }
    for (int i = 0; i < UNKNOWNS; i++)
        m[i][UNKNOWNS] /= m[i][i];
    return true;
}

/* One step of Gauss–Newton. `moved` says where a pixel of onto lies in from. */
static bool improve(const struct field *from, const struct field *onto, const struct plane *zones,
                    struct similarity *moved)
{
    double m[UNKNOWNS][UNKNOWNS + 1] = {{0}};
    double middle_x = from->width_px / 2.0, middle_y = from->height_px / 2.0;
    for (int32_t y = 0; y < onto->height_px; y += SAMPLE_PX)
        for (int32_t x = 0; x < onto->width_px; x += SAMPLE_PX) {
            size_t i = (size_t)y * (size_t)onto->width_px + (size_t)x;
            if (zones->values[i] < PROOF_PERSON)
                continue;
            double dx = x - middle_x, dy = y - middle_y;
            double u = moved->a * dx - moved->b * dy + moved->c + middle_x;
            double v = moved->b * dx + moved->a * dy + moved->d + middle_y;
            double value = value_at(from, u, v);
            double gx = (value_at(from, u + 1, v) - value_at(from, u - 1, v)) / 2;
            double gy = (value_at(from, u, v + 1) - value_at(from, u, v - 1)) / 2;
            const double row[UNKNOWNS] = {gx * dx + gy * dy, gy * dx - gx * dy, gx, gy, value, 1};
            double want = (double)onto->at[i] - value;
            for (int r = 0; r < UNKNOWNS; r++) {
                for (int c = 0; c < UNKNOWNS; c++)
                    m[r][c] += row[r] * row[c];
                m[r][UNKNOWNS] += row[r] * want;
            }
        }
    if (!solve(m))
        return false;
    moved->a += m[0][UNKNOWNS];
    moved->b += m[1][UNKNOWNS];
    moved->c += m[2][UNKNOWNS];
    moved->d += m[3][UNKNOWNS];
    return fabs(m[1][UNKNOWNS]) > 1e-5 || fabs(m[2][UNKNOWNS]) > 2e-3 || fabs(m[3][UNKNOWNS]) > 2e-3;
}

/* From "a pixel of onto lies there in from" to "from must be moved so". */
static struct proof_motion motion_of(const struct similarity *moved)
{
    double size = moved->a * moved->a + moved->b * moved->b;
    if (!(size > 0.25 && size < 4))
        return (struct proof_motion){.scale = 1};
    double a = moved->a / size, b = -moved->b / size;
    return (struct proof_motion){.degrees = atan2(b, a) * 180 / PI,
                                 .scale = sqrt(1 / size),
                                 .right_px = -(a * moved->c - b * moved->d),
                                 .down_px = -(b * moved->c + a * moved->d)};
}

enum err proof_align(const struct image *from, const struct image *onto, const struct plane *zones,
                     struct proof_motion *motion)
{
    static const int32_t blurs[] = {9, 4, 1};
    size_t count = (size_t)from->width_px * (size_t)from->height_px;
    int32_t longer = from->width_px > from->height_px ? from->width_px : from->height_px;
    struct field a = {from->width_px, from->height_px, malloc(count * sizeof *a.at)};
    struct field b = {from->width_px, from->height_px, malloc(count * sizeof *b.at)};
    float *line = malloc((size_t)longer * sizeof *line);
    bool good = a.at != NULL && b.at != NULL && line != NULL;
    struct similarity moved = {.a = 1};
    for (size_t level = 0; good && level < countof(blurs); level++) {
        field_fill(&a, from, blurs[level], line);
        field_fill(&b, onto, blurs[level], line);
        for (int round = 0; round < ROUNDS && improve(&a, &b, zones, &moved); round++)
            continue;
    }
    free(a.at);
    free(b.at);
    free(line);
    *motion = motion_of(&moved);
    return good ? ERR_NONE : ERR_BUSY;
}

/* ---- moving ---- */

static bool image_like(const struct image *from, struct image *out)
{
    *out =
        (struct image){from->width_px, from->height_px, malloc((size_t)from->width_px * (size_t)from->height_px * 3)};
    return out->rgb != NULL;
}

static void sample(const struct image *from, double x, double y, unsigned char *to)
{
    x = fmin(fmax(x, 0), from->width_px - 1);
    y = fmin(fmax(y, 0), from->height_px - 1);
    size_t left = (size_t)x, top = (size_t)y, stride = (size_t)from->width_px * 3;
    double u = x - (double)left, v = y - (double)top;
    size_t right = left + 1 < (size_t)from->width_px ? 3 : 0, below = top + 1 < (size_t)from->height_px ? stride : 0;
    const unsigned char *p = from->rgb + top * stride + left * 3;
    for (size_t c = 0; c < 3; c++)
        to[c] = (unsigned char)lround((1 - v) * ((1 - u) * p[c] + u * p[right + c]) +
                                      v * ((1 - u) * p[below + c] + u * p[below + right + c]));
}

enum err proof_moved(const struct image *from, const struct proof_motion *motion, struct image *out)
{
    double turn = -motion->degrees * PI / 180, cosine = cos(turn) / motion->scale, sine = sin(turn) / motion->scale;
    double middle_x = from->width_px / 2.0, middle_y = from->height_px / 2.0;
    if (!image_like(from, out))
        return ERR_BUSY;
    unsigned char *to = out->rgb;
    for (int32_t y = 0; y < from->height_px; y++)
        for (int32_t x = 0; x < from->width_px; x++, to += 3) {
            double dx = x - middle_x - motion->right_px, dy = y - middle_y - motion->down_px;
            sample(from, cosine * dx - sine * dy + middle_x, sine * dx + cosine * dy + middle_y, to);
        }
    return ERR_NONE;
}

enum err proof_mirrored(const struct image *from, double x, struct image *out)
{
    if (!image_like(from, out))
        return ERR_BUSY;
    unsigned char *to = out->rgb;
    for (int32_t v = 0; v < from->height_px; v++)
        for (int32_t u = 0; u < from->width_px; u++, to += 3)
            sample(from, 2 * x - u, v, to);
    return ERR_NONE;
}
