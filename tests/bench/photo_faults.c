#include "tests/bench/photo_faults.h"

#include "base/base.h"
#include "workers/resample.h"

#include <math.h>

#define PI           3.14159265358979323846
#define WALL_RGB     9.0  /* how far a wall pixel may be from the one it was reached from */
#define SCREEN_SHARP 0.45 /* how much of a screen pixel's light stays in its own stripe */
#define WALL_DRIFT   95.0 /* … and from the corner it was reached from */

/* ---- small things ---- */

static unsigned char byte_of(double value)
{
    return value < 0 ? 0 : value > 255 ? 255 : (unsigned char)lround(value);
}

static unsigned char *at(const struct image *picture, int32_t x, int32_t y)
{
    return picture->rgb + ((size_t)y * (size_t)picture->width_px + (size_t)x) * 3;
}

static bool inside(const struct image *picture, int32_t x, int32_t y)
{
    return x >= 0 && y >= 0 && x < picture->width_px && y < picture->height_px;
}

static struct image empty(int32_t width, int32_t height)
{
    return (struct image){width, height, calloc((size_t)width * (size_t)height, 3)};
}

static void replace(struct image *picture, struct image *by)
{
    image_release(picture);
    *picture = *by;
}

/* Bilinear; outside the edge pixels go on. */
static void sample(const struct image *picture, double x, double y, double rgb[3])
{
    x = fmin(fmax(x, 0), picture->width_px - 1.001), y = fmin(fmax(y, 0), picture->height_px - 1.001);
    int32_t u = (int32_t)x, v = (int32_t)y;
    double fx = x - u, fy = y - v;
    const unsigned char *a = at(picture, u, v), *b = a + 3, *c = a + (size_t)picture->width_px * 3, *d = c + 3;
    for (int i = 0; i < 3; i++)
        rgb[i] = (a[i] * (1 - fx) + b[i] * fx) * (1 - fy) + (c[i] * (1 - fx) + d[i] * fx) * fy;
}

static void put(struct image *picture, int32_t x, int32_t y, const double rgb[3], double share)
{
    if (!inside(picture, x, y))
        return;
    unsigned char *to = at(picture, x, y);
    for (int i = 0; i < 3; i++)
        to[i] = byte_of(to[i] + (rgb[i] - to[i]) * share);
}

static double eye_distance(const struct places *p)
{
    return hypot(p->right_eye_x - p->left_eye_x, p->right_eye_y - p->left_eye_y);
}

static double eye_middle_y(const struct places *p)
{
    return (p->left_eye_y + p->right_eye_y) / 2;
}

static double centre_x(const struct places *p)
{
    return (p->face_left + p->face_right) / 2;
}

/* ---- light and sharpness ---- */

static bool multiply(struct image *picture, double factor)
{
    size_t count = (size_t)picture->width_px * (size_t)picture->height_px * 3;
    for (size_t i = 0; i < count; i++)
        picture->rgb[i] = byte_of(picture->rgb[i] * factor);
    return true;
}

static double mean_of(const struct image *picture, double left, double top, double right, double bottom)
{
    double sum = 0, count = 0;
    for (int32_t y = (int32_t)top; y < (int32_t)bottom; y++)
        for (int32_t x = (int32_t)left; x < (int32_t)right; x++)
            if (inside(picture, x, y)) {
                sum += at(picture, x, y)[1];
                count++;
            }
    return count > 0 ? sum / count : 0;
}

/* The darker half becomes darker: the other one would come out even. */
static bool half_lit(struct image *picture, double darkest, const struct places *p)
{
    double width = p->face_right - p->face_left, middle = centre_x(p), top = eye_middle_y(p), bottom = p->mouth_bottom;
    bool left =
        mean_of(picture, p->face_left, top, middle, bottom) < mean_of(picture, middle, top, p->face_right, bottom);
    for (int32_t y = 0; y < picture->height_px; y++)
        for (int32_t x = 0; x < picture->width_px; x++) {
            double t = fmin(fmax((left ? -1 : 1) * (x - middle) / width * 1.2 + 0.5, 0), 1);
            for (int i = 0; i < 3; i++)
                at(picture, x, y)[i] = byte_of(at(picture, x, y)[i] * (1 - (1 - darkest) * t));
        }
    return true;
}

static bool green_light(struct image *picture)
{
    size_t count = (size_t)picture->width_px * (size_t)picture->height_px;
    for (size_t i = 0; i < count; i++) {
        picture->rgb[3 * i] = byte_of(picture->rgb[3 * i] * 0.70);
        picture->rgb[3 * i + 1] = byte_of(picture->rgb[3 * i + 1] * 1.05);
        picture->rgb[3 * i + 2] = byte_of(picture->rgb[3 * i + 2] * 0.75);
    }
    return true;
}

static void blur_lines(const struct image *from, struct image *to, const double *weights, int reach, bool down)
{
    for (int32_t y = 0; y < from->height_px; y++)
        for (int32_t x = 0; x < from->width_px; x++) {
            double sum[3] = {0, 0, 0};
            for (int k = -reach; k <= reach; k++) {
                int32_t u = down ? x : x + k, v = down ? y + k : y;
                u = u < 0 ? 0 : u >= from->width_px ? from->width_px - 1 : u;
                v = v < 0 ? 0 : v >= from->height_px ? from->height_px - 1 : v;
                for (int i = 0; i < 3; i++)
                    sum[i] += weights[abs(k)] * at(from, u, v)[i];
            }
            for (int i = 0; i < 3; i++)
                at(to, x, y)[i] = byte_of(sum[i]);
        }
}

static bool blur(struct image *picture, double sigma_px)
{
    double weights[64], sum = 0;
    int reach = (int)fmin(63, ceil(3 * sigma_px));
    for (int k = 0; k <= reach; k++)
        sum += (k == 0 ? 1 : 2) * (weights[k] = exp(-0.5 * k * k / (sigma_px * sigma_px)));
    for (int k = 0; k <= reach; k++)
        weights[k] /= sum;
    struct image half = empty(picture->width_px, picture->height_px);
    if (half.rgb == NULL)
        return false;
    blur_lines(picture, &half, weights, reach, false);
    blur_lines(&half, picture, weights, reach, true);
    image_release(&half);
    return true;
}

/* ---- where things are in the picture ---- */

static bool resize(struct image *picture, double scale)
{
    struct resample_area whole = {0, 0, picture->width_px, picture->height_px};
    struct image made = {0};
    int32_t width = (int32_t)lround(picture->width_px * scale), height = (int32_t)lround(picture->height_px * scale);
    if (width < 1 || height < 1 || resample(picture, &whole, width, height, RESAMPLE_LANCZOS, &made) != ERR_NONE)
        return false;
    replace(picture, &made);
    return true;
}

static bool turn(struct image *picture, double degrees, const struct places *p)
{
    struct image made = empty(picture->width_px, picture->height_px);
    double angle = -degrees / 180 * PI, x0 = centre_x(p), y0 = eye_middle_y(p);
    for (int32_t y = 0; made.rgb != NULL && y < made.height_px; y++)
        for (int32_t x = 0; x < made.width_px; x++) {
            double rgb[3], dx = x - x0, dy = y - y0;
            sample(picture, x0 + dx * cos(angle) - dy * sin(angle), y0 + dx * sin(angle) + dy * cos(angle), rgb);
            put(&made, x, y, rgb, 1);
        }
    replace(picture, &made);
    return made.rgb != NULL;
}

/* The head taken for an upright cylinder that turns; its edges stay where they are. Not a real turn: ears and the far
 * cheek do not appear or vanish. */
static bool cylinder(struct image *picture, double degrees, const struct places *p)
{
    struct image made = empty(picture->width_px, picture->height_px);
    double radius = 0.75 * (p->face_right - p->face_left), angle = degrees / 180 * PI;
    for (int32_t y = 0; made.rgb != NULL && y < made.height_px; y++)
        for (int32_t x = 0; x < made.width_px; x++) {
            double rgb[3], u = (x - centre_x(p)) / radius, shift = 0;
            if (fabs(u) < 1)
                shift = radius * (sin(asin(u) - angle) - u) * pow(1 - u * u, 2);
            sample(picture, x + shift, y, rgb);
            put(&made, x, y, rgb, 1);
        }
    replace(picture, &made);
    return made.rgb != NULL;
}

static bool cut(struct image *picture, int32_t left, int32_t top, int32_t right, int32_t bottom)
{
    struct image made = empty(right - left, bottom - top);
    for (int32_t y = top; made.rgb != NULL && y < bottom; y++)
        memcpy(at(&made, 0, y - top), at(picture, left, y), (size_t)made.width_px * 3);
    replace(picture, &made);
    return made.rgb != NULL;
}

static bool cut_crown(struct image *picture, const struct places *p)
{
    double top = p->crown_y + 0.35 * (eye_middle_y(p) - p->crown_y);
    return top > 1 && cut(picture, 0, (int32_t)top, picture->width_px, picture->height_px);
}

static bool cut_chest(struct image *picture, const struct places *p)
{
    double bottom = p->chin_y + 0.12 * (p->chin_y - eye_middle_y(p));
    return bottom < picture->height_px && cut(picture, 0, 0, picture->width_px, (int32_t)bottom);
}

/* ---- the wall ---- */

static double apart(const unsigned char *a, const unsigned char *b)
{
    return sqrt(
        (double)((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2])));
}

/* A box round face and neck, where no wall is looked for: pale skin can be closer to a wall than the wall to itself. */
static bool in_head(const struct places *p, double x, double y)
{
    return x > p->face_left && x < p->face_right && y > p->crown_y + 0.3 * (p->chin_y - p->crown_y);
}

/* 255 where a plain wall is reached from the upper corners; NULL when too little is: not a plain wall. */
static unsigned char *wall_of(const struct image *picture, const struct places *p)
{
    size_t width = (size_t)picture->width_px, count = width * (size_t)picture->height_px, used = 0, found = 0;
    unsigned char *wall = calloc(count, 1);
    size_t *stack = malloc(count * sizeof *stack);
    const size_t corners[2] = {2 * width + 2, 3 * width - 3};
    for (int corner = 0; wall != NULL && stack != NULL && corner < 2; corner++) {
        const unsigned char *start = picture->rgb + 3 * corners[corner];
        if (wall[corners[corner]] == 0) {
            wall[corners[corner]] = 255;
            stack[used++] = corners[corner];
        }
        while (used > 0) {
            size_t here = stack[--used], x = here % width, y = here / width;
            const size_t beside[4] = {x > 0 ? here - 1 : here, x + 1 < width ? here + 1 : here,
                                      y > 0 ? here - width : here, here + width < count ? here + width : here};
            found++;
            for (int i = 0; i < 4; i++) {
                const unsigned char *next = picture->rgb + 3 * beside[i];
                if (wall[beside[i]] == 0 && !in_head(p, (double)(beside[i] % width), (double)(beside[i] / width)) &&
                    apart(next, picture->rgb + 3 * here) < WALL_RGB && apart(next, start) < WALL_DRIFT) {
                    wall[beside[i]] = 255;
                    stack[used++] = beside[i];
                }
            }
        }
    }
    free(stack);
    if (wall != NULL && found * 6 < count) {
        free(wall);
        wall = NULL;
    }
    return wall;
}

static bool busy_wall(struct image *picture, const struct places *p)
{
    unsigned char *wall = wall_of(picture, p);
    double side = (p->face_right - p->face_left) / 4;
    for (int32_t y = 0; wall != NULL && y < picture->height_px; y++)
        for (int32_t x = 0; x < picture->width_px; x++) {
            bool dark = ((int)(x / side) + (int)(y / side)) % 2 == 0;
            const double rgb[3] = {dark ? 60 : 200, dark ? 80 : 170, dark ? 50 : 120};
            if (wall[(size_t)y * (size_t)picture->width_px + (size_t)x] != 0)
                put(picture, x, y, rgb, 0.7);
        }
    free(wall);
    return wall != NULL;
}

/* The silhouette again, to the right and a little lower, hard-edged. */
static bool wall_shadow(struct image *picture, const struct places *p)
{
    unsigned char *wall = wall_of(picture, p);
    int32_t dx = (int32_t)(0.16 * (p->face_right - p->face_left)), dy = dx / 2;
    for (int32_t y = dy; wall != NULL && y < picture->height_px; y++)
        for (int32_t x = dx; x < picture->width_px; x++) {
            size_t width = (size_t)picture->width_px;
            bool person = wall[(size_t)(y - dy) * width + (size_t)(x - dx)] == 0;
            if (!person || wall[(size_t)y * width + (size_t)x] == 0)
                continue;
            for (int i = 0; i < 3; i++)
                at(picture, x, y)[i] = byte_of(at(picture, x, y)[i] * 0.6);
        }
    free(wall);
    return wall != NULL;
}

static bool blue_shirt(struct image *picture, const struct places *p)
{
    static const double blue[3] = {100, 197, 255};
    unsigned char *wall = wall_of(picture, p);
    int32_t top = (int32_t)(p->chin_y + 0.3 * (p->chin_y - eye_middle_y(p)));
    for (int32_t y = top; wall != NULL && y < picture->height_px; y++)
        for (int32_t x = 0; x < picture->width_px; x++)
            if (wall[(size_t)y * (size_t)picture->width_px + (size_t)x] == 0)
                put(picture, x, y, blue, 0.85);
    free(wall);
    return wall != NULL;
}

/* ---- another head ---- */

static bool second_head(struct image *picture, double size, const struct places *p)
{
    double width = p->face_right - p->face_left, rx = 0.75 * width, ry = 0.62 * (p->chin_y - p->crown_y);
    double cx = centre_x(p), cy = (p->chin_y + p->crown_y) / 2, to_x = cx + 1.3 * width + rx * (size - 1) * 0.3;
    int32_t need = (int32_t)(to_x + rx * size + 4);
    struct image made = empty(need > picture->width_px ? need : picture->width_px, picture->height_px);
    for (int32_t y = 0; made.rgb != NULL && y < made.height_px; y++)
        for (int32_t x = 0; x < made.width_px; x++) {
            double rgb[3], u = (x - to_x) / (rx * size), v = (y - cy) / (ry * size);
            sample(picture, x, y, rgb);
            put(&made, x, y, rgb, 1);
            sample(picture, cx + u * rx, cy + v * ry, rgb);
            if (u * u + v * v < 1)
                put(&made, x, y, rgb, fmin(1, (1 - u * u - v * v) * 8));
        }
    replace(picture, &made);
    return made.rgb != NULL;
}

/* ---- painted on the face ---- */

static void ellipse(struct image *picture, double x0, double y0, double rx, double ry, const double rgb[3],
                    double share)
{
    for (int32_t y = (int32_t)(y0 - ry); y <= (int32_t)(y0 + ry) + 1; y++)
        for (int32_t x = (int32_t)(x0 - rx); x <= (int32_t)(x0 + rx) + 1; x++) {
            double far = pow((x - x0) / rx, 2) + pow((y - y0) / ry, 2);
            if (far < 1)
                put(picture, x, y, rgb, share * fmin(1, (1 - far) * 4));
        }
}

/* Below the line of the lips everything moves down, most in the middle; what opens is dark. */
static bool open_mouth(struct image *picture, double share, const struct places *p)
{
    double width = p->mouth_right - p->mouth_left, x0 = (p->mouth_left + p->mouth_right) / 2;
    double line = p->mouth_top + 0.45 * (p->mouth_bottom - p->mouth_top), reach = p->chin_y - line;
    static const double dark[3] = {70, 22, 24};
    struct image made = empty(picture->width_px, picture->height_px);
    for (int32_t y = 0; made.rgb != NULL && y < made.height_px; y++)
        for (int32_t x = 0; x < made.width_px; x++) {
            double rgb[3], u = (x - x0) / (0.5 * width), open = 0;
            if (fabs(u) < 1)
                open = share * (p->chin_y - eye_middle_y(p)) * (1 - u * u);
            double below = y - line, from = below;
            if (below > 0 && below < reach && open > 0)
                from = below < open ? 0 : (below - open) * reach / (reach - open);
            sample(picture, x, line + from, rgb);
            put(&made, x, y, below > 0 && below < open ? dark : rgb, 1);
        }
    replace(picture, &made);
    return made.rgb != NULL;
}

/* The opening is squeezed to a slit a little lower, the lids are stretched over it: painted lids fool no landmarks. */
static double squeezed_from(double y, double reach, double open)
{
    double shut = 0.12 * open, low = 0.6 * open; /* half the slit, and how far below the middle it lies */
    if (y < low - shut)
        return -reach + (y + reach) * (reach - open) / (reach + low - shut);
    if (y <= low + shut)
        return (y - low) * open / shut;
    return reach - (reach - y) * (reach - open) / (reach - low - shut);
}

static bool close_eyes(struct image *picture, const struct places *p)
{
    double unit = eye_distance(p), reach = 0.2 * unit, half = 0.3 * unit;
    const double eyes[2][2] = {{p->left_eye_x, p->left_eye_y}, {p->right_eye_x, p->right_eye_y}};
    struct image made = empty(picture->width_px, picture->height_px);
    if (made.rgb == NULL)
        return false;
    memcpy(made.rgb, picture->rgb, (size_t)made.width_px * (size_t)made.height_px * 3);
    for (int i = 0; i < 2; i++)
        for (int32_t y = (int32_t)(eyes[i][1] - reach); y < (int32_t)(eyes[i][1] + reach); y++)
            for (int32_t x = (int32_t)(eyes[i][0] - half); x < (int32_t)(eyes[i][0] + half); x++) {
                double rgb[3], u = (x - eyes[i][0]) / half, open = 0.13 * unit * sqrt(fmax(0, 1 - u * u));
                if (open < 1)
                    continue;
                sample(picture, x, eyes[i][1] + squeezed_from(y - eyes[i][1], reach, open), rgb);
                put(&made, x, y, rgb, 1);
            }
    replace(picture, &made);
    return true;
}

static bool fringe(struct image *picture, const struct places *p)
{
    double unit = eye_distance(p), top = p->crown_y + 0.2 * (eye_middle_y(p) - p->crown_y);
    static const double hair[3] = {42, 32, 30};
    for (int32_t y = (int32_t)top; y < (int32_t)(eye_middle_y(p) - 0.22 * unit); y++)
        for (int32_t x = (int32_t)(p->face_left + 0.08 * unit); x < (int32_t)(p->face_right - 0.08 * unit); x++)
            put(picture, x, y, hair, 0.82 + 0.15 * sin(x * 40 / unit));
    return true;
}

static bool red_eyes(struct image *picture, const struct places *p)
{
    static const double red[3] = {205, 40, 32};
    double radius = 0.075 * eye_distance(p);
    ellipse(picture, p->left_eye_x, p->left_eye_y, radius, radius, red, 1);
    ellipse(picture, p->right_eye_x, p->right_eye_y, radius, radius, red, 1);
    return true;
}

static bool glare(struct image *picture, const struct places *p)
{
    static const double white[3] = {255, 255, 255};
    double unit = eye_distance(p);
    ellipse(picture, p->left_eye_x + 0.1 * unit, p->left_eye_y - 0.05 * unit, 0.2 * unit, 0.1 * unit, white, 1);
    return true;
}

/* ---- photographed again ---- */

/* The picture on a screen, photographed: one camera pixel is 1 / pitch screen pixels; each has three stripes of light
 * and a dark frame. Slightly turned, softened by the lens. */
static bool screen(struct image *picture, double pitch_px)
{
    enum { FINER = 3 };
    struct image made = empty(picture->width_px, picture->height_px);
    double angle = 1.7 / 180 * PI;
    for (int32_t y = 0; made.rgb != NULL && y < made.height_px; y++)
        for (int32_t x = 0; x < made.width_px; x++) {
            double sum[3] = {0, 0, 0}, rgb[3];
            sample(picture, x, y, rgb);
            for (int k = 0; k < FINER * FINER; k++) {
                double px = x + (k % FINER + 0.5) / FINER, py = y + (k / FINER + 0.5) / FINER;
                double u = (px * cos(angle) + py * sin(angle)) / pitch_px,
                       v = (py * cos(angle) - px * sin(angle)) / pitch_px;
                double in_u = (u - floor(u)) * 3, in_v = v - floor(v);
                bool lit = in_v < 0.82 && in_u - floor(in_u) < 0.85;
                for (int i = 0; i < 3; i++) /* light spreads in the glass and in the lens */
                    sum[i] += rgb[i] * ((lit && i == (int)in_u ? SCREEN_SHARP * 3 / 0.7 : 0) + 1 - SCREEN_SHARP);
            }
            for (int i = 0; i < 3; i++)
                rgb[i] = 12 + sum[i] / (FINER * FINER) * 0.93;
            put(&made, x, y, rgb, 1);
        }
    replace(picture, &made);
    return made.rgb != NULL && blur(picture, 0.8);
}

/* Printed with dots of three inks at three angles, photographed: dots are pitch_px camera pixels apart. */
static bool print_dots(struct image *picture, double pitch_px)
{
    static const double degrees[3] = {15, 75, 45};
    enum { FINER = 3 };
    struct image made = empty(picture->width_px, picture->height_px);
    for (int32_t y = 0; made.rgb != NULL && y < made.height_px; y++)
        for (int32_t x = 0; x < made.width_px; x++) {
            double rgb[3];
            sample(picture, x, y, rgb);
            for (int i = 0; i < 3; i++) {
                double angle = degrees[i] / 180 * PI, ink = 1 - rgb[i] / 255, radius = sqrt(ink / PI), covered = 0;
                for (int k = 0; k < FINER * FINER; k++) {
                    double px = x + (k % FINER + 0.5) / FINER, py = y + (k / FINER + 0.5) / FINER;
                    double u = (px * cos(angle) + py * sin(angle)) / pitch_px;
                    double v = (py * cos(angle) - px * sin(angle)) / pitch_px;
                    covered += hypot(u - floor(u) - 0.5, v - floor(v) - 0.5) < radius;
                }
                rgb[i] = 20 + 225 * (1 - covered / (FINER * FINER));
            }
            put(&made, x, y, rgb, 1);
        }
    replace(picture, &made);
    return made.rgb != NULL && blur(picture, 0.8);
}

/* ---- by name ---- */

bool photo_fault(const char *name, double amount, const struct places *p, struct image *picture)
{
#define IS(text) (strcmp(name, text) == 0)
    return IS("none")          ? true
           : IS("blur")        ? blur(picture, amount * eye_distance(p) / 120)
           : IS("light")       ? multiply(picture, amount)
           : IS("half_lit")    ? half_lit(picture, amount, p)
           : IS("green_light") ? green_light(picture)
           : IS("tilt")        ? turn(picture, amount, p)
           : IS("cylinder")    ? cylinder(picture, amount, p)
           : IS("small")       ? resize(picture, amount / eye_distance(p))
           : IS("enlarge")     ? resize(picture, amount)
           : IS("cut_crown")   ? cut_crown(picture, p)
           : IS("cut_chest")   ? cut_chest(picture, p)
           : IS("busy_wall")   ? busy_wall(picture, p)
           : IS("wall_shadow") ? wall_shadow(picture, p)
           : IS("blue_shirt")  ? blue_shirt(picture, p)
           : IS("second_head") ? second_head(picture, amount, p)
           : IS("open_mouth")  ? open_mouth(picture, amount, p)
           : IS("close_eyes")  ? close_eyes(picture, p)
           : IS("fringe")      ? fringe(picture, p)
           : IS("red_eyes")    ? red_eyes(picture, p)
           : IS("glare")       ? glare(picture, p)
           : IS("screen")      ? screen(picture, amount)
           : IS("print")       ? print_dots(picture, amount)
                               : false;
#undef IS
}
