#include "workers/idcard_warp.h"

#include "base/check.h"

#include <math.h>

#define FINE_PER_PX 1.4 /* from this reduction on one sample per pixel would show noise and steps */

static double cross(struct card_point a, struct card_point b, struct card_point c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

static bool is_convex(const struct card_quad *quad)
{
    const struct card_point *p = quad->corners;
    for (int i = 0; i < 4; i++)
        if (!(cross(p[i], p[(i + 1) % 4], p[(i + 2) % 4]) > 1e-6))
            return false;
    return true;
}

/* The unit square onto four points: the eight terms have a closed form. */
bool card_plane_of(const struct card_quad *quad, struct card_plane *plane)
{
    const struct card_point *p = quad->corners;
    if (!is_convex(quad))
        return false;
    double ax = p[1].x - p[2].x, ay = p[1].y - p[2].y, bx = p[3].x - p[2].x, by = p[3].y - p[2].y;
    double sx = p[0].x - p[1].x + p[2].x - p[3].x, sy = p[0].y - p[1].y + p[2].y - p[3].y;
    double det = ax * by - bx * ay;
    if (fabs(det) < 1e-9)
        return false;
    double g = (sx * by - bx * sy) / det, h = (ax * sy - sx * ay) / det;
    *plane = (struct card_plane){{p[1].x - p[0].x + g * p[1].x, p[3].x - p[0].x + h * p[3].x, p[0].x,
                                  p[1].y - p[0].y + g * p[1].y, p[3].y - p[0].y + h * p[3].y, p[0].y, g, h, 1}};
    return true;
}

struct card_point card_to_picture(const struct card_plane *plane, double x, double y)
{
    const double *t = plane->terms;
    double w = t[6] * x + t[7] * y + t[8];
    return (struct card_point){(t[0] * x + t[1] * y + t[2]) / w, (t[3] * x + t[4] * y + t[5]) / w};
}

struct card_quad card_turned(const struct card_quad *quad, int quarters)
{
    struct card_quad turned;
    for (int i = 0; i < 4; i++)
        turned.corners[i] = quad->corners[(i + quarters) % 4];
    return turned;
}

static double side(const struct card_quad *quad, int from)
{
    struct card_point a = quad->corners[from], b = quad->corners[(from + 1) % 4];
    return hypot(b.x - a.x, b.y - a.y);
}

double card_width_px(const struct card_quad *quad)
{
    return (side(quad, 0) + side(quad, 2)) / 2;
}

double card_height_px(const struct card_quad *quad)
{
    return (side(quad, 1) + side(quad, 3)) / 2;
}

double card_true_ratio(const struct card_plane *plane, double middle_x_px, double middle_y_px, double focal_px,
                       double *square)
{
    const double *t = plane->terms;
    double u[3], v[3], uu = 0, vv = 0, uv = 0;
    for (int i = 0; i < 2; i++) { /* the two sides' directions before the camera looked at them */
        double *to = i == 0 ? u : v;
        to[0] = (t[i] - middle_x_px * t[6 + i]) / focal_px;
        to[1] = (t[3 + i] - middle_y_px * t[6 + i]) / focal_px;
        to[2] = t[6 + i];
    }
    for (int i = 0; i < 3; i++) {
        uu += u[i] * u[i];
        vv += v[i] * v[i];
        uv += u[i] * v[i];
    }
    *square = uv / sqrt(uu * vv);
    return sqrt(uu / vv);
}

/* ---- flattening ---- */

static void sample(const struct image *from, float x, float y, float sum[3])
{
    float limit_x = (float)(from->width_px - 1), limit_y = (float)(from->height_px - 1);
    x -= 0.5f;
    y -= 0.5f;
    x = x > 0 ? (x < limit_x ? x : limit_x) : 0; /* NaN ends at 0 too */
    y = y > 0 ? (y < limit_y ? y : limit_y) : 0;
    int32_t left = (int32_t)x, top = (int32_t)y;
    float fx = x - (float)left, fy = y - (float)top;
    size_t right = left + 1 < from->width_px ? 3 : 0;
    size_t below = top + 1 < from->height_px ? (size_t)from->width_px * 3 : 0;
    const unsigned char *at = from->rgb + ((size_t)top * (size_t)from->width_px + (size_t)left) * 3;
    for (size_t c = 0; c < 3; c++) {
        float upper = (float)at[c] + ((float)at[right + c] - (float)at[c]) * fx;
        float lower = (float)at[below + c] + ((float)at[below + right + c] - (float)at[below + c]) * fx;
        sum[c] += upper + (lower - upper) * fy;
    }
}

/* One row of the flat card, `fine` × `fine` samples per pixel. */
static void flatten_row(const struct image *from, const struct card_plane *plane, const struct resample_area *area,
                        const struct image *out, int32_t row, int fine)
{
    const double *t = plane->terms;
    unsigned char *to = out->rgb + (size_t)row * (size_t)out->width_px * 3;
    float share = 1.0f / (float)(fine * fine);
    for (int32_t column = 0; column < out->width_px; column++, to += 3) {
        float sum[3] = {0, 0, 0};
        for (int i = 0; i < fine * fine; i++) {
            double x = area->x_px + area->width_px * (column + (i % fine + 0.5) / fine) / out->width_px;
            double y = area->y_px + area->height_px * (row + (i / fine + 0.5) / fine) / out->height_px;
            double w = 1 / (t[6] * x + t[7] * y + t[8]);
            sample(from, (float)((t[0] * x + t[1] * y + t[2]) * w), (float)((t[3] * x + t[4] * y + t[5]) * w), sum);
        }
        for (size_t c = 0; c < 3; c++)
            to[c] = (unsigned char)(sum[c] * share + 0.5f);
    }
}

enum err card_flatten(const struct image *from, const struct card_plane *plane, const struct resample_area *area,
                      int32_t width_px, int32_t height_px, struct image *out)
{
    CHECK(width_px > 0 && height_px > 0 && width_px <= IMAGE_SIDE_PX_MAX && height_px <= IMAGE_SIDE_PX_MAX);
    *out = (struct image){width_px, height_px, malloc((size_t)width_px * (size_t)height_px * 3)};
    if (out->rgb == NULL)
        return ERR_BUSY;
    struct card_point left = card_to_picture(plane, area->x_px, area->y_px + area->height_px / 2);
    struct card_point right = card_to_picture(plane, area->x_px + area->width_px, area->y_px + area->height_px / 2);
    double reduction = hypot(right.x - left.x, right.y - left.y) / width_px;
    int fine = reduction > FINE_PER_PX ? 2 : 1;
    for (int32_t row = 0; row < height_px; row++)
        flatten_row(from, plane, area, out, row, fine);
    return ERR_NONE;
}
