/* A flat card becomes a phone's picture of it: camera, ground, light, lens, sensor, file. Declared in draw.h. */
#include "base/check.h"
#include "tests/idcard/draw.h"
#include "workers/jpeg.h"

#include <math.h>

#define PI            3.14159265358979323846
#define FOCAL         0.8  /* of a phone's camera, in long edges */
#define CARD_ROUND_MM 3.18 /* the corners' radius */

static double between(struct draw_random *random, double low, double high)
{
    return low + draw_share(random) * (high - low);
}

const char *draw_level_name(enum draw_level level)
{
    static const char *const names[] = {"clean", "slight", "poor", "strong", "hopeless"};
    return names[level];
}

static const int turns[] = {0, 0, 0, 0, 0, 0, 1, 2, 3};

static void scene_clean(struct draw_random *random, struct scene *scene)
{
    *scene = (struct scene){.width_px = 1600, .height_px = 1200, .light = 1, .quality = 92};
    scene->card_width = between(random, 0.66, 0.92);
    scene->roll_deg = between(random, -1.5, 1.5);
    scene->shift_x = between(random, -0.02, 0.02);
    scene->shift_y = between(random, -0.06, 0.06);
    scene->ground = draw_pick(random, 4);
    scene->fills = draw_pick(random, 8) == 0;
    scene->blur_px = 0.5;
    scene->noise = 1;
}

static void scene_slight(struct draw_random *random, struct scene *scene)
{
    scene_clean(random, scene);
    scene->card_width = between(random, 0.60, 0.85);
    scene->roll_deg = between(random, -4, 4);
    scene->tilt_x_deg = between(random, -9, 9);
    scene->tilt_y_deg = between(random, -9, 9);
    scene->quality = 72;
    scene->noise = 3;
    scene->blur_px = 0.7;
    scene->shade = between(random, 0, 0.25);
    scene->quarters = turns[draw_pick(random, countof(turns))];
}

static void scene_poor(struct draw_random *random, struct scene *scene)
{
    scene_slight(random, scene);
    scene->fills = false;
    scene->card_width = between(random, 0.60, 0.80);
    scene->tilt_x_deg = between(random, -15, 15);
    scene->tilt_y_deg = between(random, -15, 15);
    scene->blur_px = between(random, 1.0, 1.8);
    scene->noise = between(random, 5, 9);
    scene->shade = between(random, 0.2, 0.5);
    scene->light = between(random, 0.7, 1.0);
}

static void scene_strong(struct draw_random *random, struct scene *scene)
{
    scene_poor(random, scene);
    scene->width_px = 1280;
    scene->height_px = 960;
    scene->card_width = between(random, 0.50, 0.66);
    scene->roll_deg = between(random, -8, 8);
    scene->light = between(random, 0.35, 0.7);
    scene->blur_px = between(random, 0.8, 1.2);
    scene->noise = between(random, 5, 9);
    scene->glare = between(random, 0.2, 0.9);
}

static void scene_hopeless(struct draw_random *random, struct scene *scene)
{
    scene_strong(random, scene);
    scene->card_width = between(random, 0.26, 0.50);
    scene->blur_px = between(random, 1.2, 2.6);
    scene->noise = between(random, 8, 20);
    scene->glare = between(random, 0.4, 1.0);
    scene->quality = 40;
}

void draw_scene_of(struct draw_random *random, enum draw_level level, struct scene *scene)
{
    static void (*const makers[])(struct draw_random *, struct scene *) = {scene_clean, scene_slight, scene_poor,
                                                                           scene_strong, scene_hopeless};
    makers[level](random, scene);
}

/* ---- camera ---- */

static struct card_quad quad_of(const struct scene *scene)
{
    double w = scene->width_px, h = scene->height_px, focal = FOCAL * fmax(w, h);
    if (scene->fills)
        return (struct card_quad){{{0, 0}, {w, 0}, {w, h}, {0, h}}};
    double roll = scene->roll_deg * PI / 180, ax = scene->tilt_x_deg * PI / 180, ay = scene->tilt_y_deg * PI / 180;
    double half_x = scene->card_width * w / 2, half_y = half_x / CARD_RATIO;
    struct card_quad quad;
    for (int i = 0; i < 4; i++) {
        double x = i == 1 || i == 2 ? half_x : -half_x, y = i >= 2 ? half_y : -half_y;
        double rx = x * cos(roll) - y * sin(roll), ry = x * sin(roll) + y * cos(roll);
        double z = rx * sin(ay) + ry * sin(ax), depth = focal / (focal + z);
        quad.corners[i] = (struct card_point){w * (0.5 + scene->shift_x) + rx * cos(ay) * depth,
                                              h * (0.5 + scene->shift_y) + ry * cos(ax) * depth};
    }
    return quad;
}

/* The inverse of a card's plane: picture → card. */
static void invert(const double m[9], double out[9])
{
    double a = m[4] * m[8] - m[5] * m[7], b = m[5] * m[6] - m[3] * m[8], c = m[3] * m[7] - m[4] * m[6];
    double det = m[0] * a + m[1] * b + m[2] * c;
    double rest[9] = {a, m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
                      b, m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
                      c, m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]};
    for (int i = 0; i < 9; i++)
        out[i] = rest[i] / det;
}

/* ---- ground ---- */

static void ground_at(const struct scene *scene, uint64_t seed, double x, double y, float rgb[3])
{
    static const float base[4][3] = {{96, 110, 128}, {150, 104, 66}, {226, 226, 222}, {42, 40, 46}};
    const float *colour = base[scene->ground];
    double pattern = 0;
    if (scene->ground == 1)
        pattern = 16 * sin(y / 9 + 3 * sin(x / 170 + (double)(seed % 7))) + 7 * sin(y / 2.3 + x / 400);
    else if (scene->ground == 3)
        pattern = 5 * sin(x / 1.9) * sin(y / 2.1);
    else
        pattern = 8 * sin(x / 500 + (double)(seed % 5)) + 4 * sin(y / 300);
    for (int c = 0; c < 3; c++)
        rgb[c] = colour[c] + (float)pattern;
}

/* How far a point of the card lies inside its rounded border, in millimetres; negative: outside. */
static double inside_mm(double u, double v)
{
    double x = fmin(u, 1 - u) * 85.6, y = fmin(v, 1 - v) * 54.0;
    if (x < CARD_ROUND_MM && y < CARD_ROUND_MM)
        return CARD_ROUND_MM - hypot(CARD_ROUND_MM - x, CARD_ROUND_MM - y);
    return fmin(x, y);
}

static void card_at(const struct image *card, double u, double v, float rgb[3])
{
    double x = fmin(fmax(u * card->width_px - 0.5, 0), card->width_px - 1.001);
    double y = fmin(fmax(v * card->height_px - 0.5, 0), card->height_px - 1.001);
    int32_t left = (int32_t)x, top = (int32_t)y;
    float fx = (float)(x - left), fy = (float)(y - top);
    const unsigned char *at = card->rgb + ((size_t)top * (size_t)card->width_px + (size_t)left) * 3;
    size_t below = (size_t)card->width_px * 3;
    for (size_t c = 0; c < 3; c++)
        rgb[c] = ((float)at[c] * (1 - fx) + (float)at[c + 3] * fx) * (1 - fy) +
                 ((float)at[below + c] * (1 - fx) + (float)at[below + c + 3] * fx) * fy;
}

static void point_at(const struct image *card, const struct scene *scene, const double back[9], uint64_t seed, double x,
                     double y, float rgb[3])
{
    double w = back[6] * x + back[7] * y + back[8];
    double u = (back[0] * x + back[1] * y + back[2]) / w, v = (back[3] * x + back[4] * y + back[5]) / w;
    double depth = scene->fills ? 1 : inside_mm(u, v);
    if (depth > 0) {
        card_at(card, u, v, rgb);
        return;
    }
    ground_at(scene, seed, x, y, rgb);
    double shadow = inside_mm(u - 0.008, v - 0.014); /* the card lies on the table, the lamp is above left */
    float dim = (float)(shadow > 0 ? 0.72 : shadow > -1.5 ? 0.72 + 0.28 * (-shadow / 1.5) : 1);
    for (int c = 0; c < 3; c++)
        rgb[c] *= dim;
}

/* ---- light, lens, sensor ---- */

static float light_at(const struct scene *scene, double angle, double x, double y)
{
    double along = (x / scene->width_px - 0.5) * cos(angle) + (y / scene->height_px - 0.5) * sin(angle);
    return (float)(scene->light * (1 - scene->shade * (0.5 + along)));
}

/* A bright band across the card, as from a tube lamp. */
static float glare_at(const struct scene *scene, double angle, double offset, double x, double y)
{
    double across = (x / scene->width_px - 0.5) * cos(angle) + (y / scene->width_px - 0.375) * sin(angle) - offset;
    return (float)(scene->glare * 255 * exp(-across * across / (2 * 0.028 * 0.028)));
}

static void blur_line(const float *from, float *to, int32_t count, size_t step, double sigma)
{
    float weights[32];
    int reach = (int)ceil(3 * sigma);
    CHECK(reach < (int)countof(weights));
    double sum = 0;
    for (int i = 0; i <= reach; i++) {
        weights[i] = (float)exp(-i * i / (2 * sigma * sigma));
        sum += weights[i] * (i == 0 ? 1 : 2);
    }
    for (int32_t x = 0; x < count; x++) {
        float value = 0;
        for (int i = -reach; i <= reach; i++) {
            int32_t at = x + i < 0 ? 0 : x + i >= count ? count - 1 : x + i;
            value += weights[i < 0 ? -i : i] * from[(size_t)at * step];
        }
        to[x] = value / (float)sum;
    }
}

static void blur(float *values, int32_t width, int32_t height, double sigma)
{
    size_t longest = (size_t)(width > height ? width : height);
    float *line = malloc(longest * sizeof *line);
    CHECK(line != NULL);
    for (int c = 0; sigma > 0.1 && c < 3; c++) {
        for (int32_t y = 0; y < height; y++) {
            float *row = values + (size_t)y * (size_t)width * 3 + c;
            blur_line(row, line, width, 3, sigma);
            for (int32_t x = 0; x < width; x++)
                row[x * 3] = line[x];
        }
        for (int32_t x = 0; x < width; x++) {
            float *column = values + (size_t)x * 3 + c;
            blur_line(column, line, height, (size_t)width * 3, sigma);
            for (int32_t y = 0; y < height; y++)
                column[(size_t)y * (size_t)width * 3] = line[y];
        }
    }
    free(line);
}

static float noise_of(struct draw_random *random, double sigma)
{
    double sum = -2;
    for (int i = 0; i < 4; i++)
        sum += draw_share(random);
    return (float)(sum * sigma * 1.732); /* four uniform numbers: variance 1/3 */
}

static void turn_quarter(struct image *image, struct card_quad *corners)
{
    struct image turned = {image->height_px, image->width_px,
                           malloc((size_t)image->width_px * (size_t)image->height_px * 3)};
    CHECK(turned.rgb != NULL);
    for (int32_t y = 0; y < image->height_px; y++)
        for (int32_t x = 0; x < image->width_px; x++)
            memcpy(turned.rgb + ((size_t)x * (size_t)turned.width_px + (size_t)(image->height_px - 1 - y)) * 3,
                   image->rgb + ((size_t)y * (size_t)image->width_px + (size_t)x) * 3, 3);
    for (int i = 0; i < 4; i++)
        corners->corners[i] = (struct card_point){image->height_px - corners->corners[i].y, corners->corners[i].x};
    image_release(image);
    *image = turned;
}

static void expose(struct draw_random *random, const struct scene *scene, const float *values, struct image *out)
{
    double angle = draw_share(random) * 2 * PI, streak = between(random, -0.5, 0.5),
           offset = between(random, -0.3, 0.3);
    size_t at = 0;
    for (int32_t y = 0; y < out->height_px; y++)
        for (int32_t x = 0; x < out->width_px; x++) {
            float light = light_at(scene, angle, x, y);
            float glare = scene->glare > 0 ? glare_at(scene, streak, offset, x, y) : 0;
            for (int c = 0; c < 3; c++, at++) {
                float value = values[at] * light + glare + noise_of(random, scene->noise);
                out->rgb[at] = (unsigned char)(value <= 0 ? 0 : value >= 255 ? 255 : value + 0.5f);
            }
        }
}

void draw_picture(struct draw_random *random, const struct image *card, const struct scene *scene, struct image *out,
                  struct card_quad *corners)
{
    struct scene s = *scene;
    if (s.fills)
        s.height_px = (int32_t)lround(s.width_px / CARD_RATIO);
    struct card_plane plane;
    double back[9];
    uint64_t seed = (uint64_t)draw_pick(random, 1000);
    *corners = quad_of(&s);
    CHECK(card_plane_of(corners, &plane));
    invert(plane.terms, back);
    size_t count = (size_t)s.width_px * (size_t)s.height_px;
    float *values = malloc(count * 3 * sizeof *values);
    *out = (struct image){s.width_px, s.height_px, malloc(count * 3)};
    CHECK(values != NULL && out->rgb != NULL);
    for (int32_t y = 0; y < s.height_px; y++)
        for (int32_t x = 0; x < s.width_px; x++) {
            float sum[3] = {0, 0, 0}, rgb[3];
            for (int i = 0; i < 4; i++) {
                point_at(card, &s, back, seed, x + 0.25 + 0.5 * (i % 2), y + 0.25 + 0.5 * (i / 2), rgb);
                for (int c = 0; c < 3; c++)
                    sum[c] += rgb[c] / 4;
            }
            memcpy(values + ((size_t)y * (size_t)s.width_px + (size_t)x) * 3, sum, sizeof sum);
        }
    blur(values, s.width_px, s.height_px, s.blur_px);
    expose(random, &s, values, out);
    free(values);
    for (int i = 0; i < s.quarters; i++)
        turn_quarter(out, corners);
}

void draw_file(struct draw_random *random, enum draw_level level, const struct image *face, struct drawn_person *person,
               struct buf *jpeg)
{
    struct scene scene;
    struct image card, picture;
    struct card_quad corners;
    draw_person(random, person);
    draw_scene_of(random, level, &scene);
    draw_card(random, person, face, &card);
    draw_picture(random, &card, &scene, &picture, &corners);
    CHECK(jpeg_encode(&picture, scene.quality, 300, jpeg) == ERR_NONE);
    image_release(&card);
    image_release(&picture);
}

void draw_emblem_file(struct draw_random *random, enum draw_level level, struct drawn_validity *validity,
                      struct buf *jpeg)
{
    struct scene scene;
    struct image card, picture;
    struct card_quad corners;
    draw_validity(random, validity);
    draw_scene_of(random, level, &scene);
    draw_emblem_side(validity, &card);
    draw_picture(random, &card, &scene, &picture, &corners);
    CHECK(jpeg_encode(&picture, scene.quality, 300, jpeg) == ERR_NONE);
    image_release(&card);
    image_release(&picture);
}
