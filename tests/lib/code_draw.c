#include "tests/lib/code_draw.h"

#include "base/check.h"
#include "base/crypt.h"
#include "workers/image.h"
#include "workers/jpeg.h"

#include <math.h>
#include <qrencode.h>

#define QUIET   4 /* modules of margin */
#define SAMPLES 3 /* per side of a pixel */

/* ---- numbers that are the same everywhere ---- */

static uint32_t chance_state;

static uint32_t chance(void)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 17;
    chance_state ^= chance_state << 5;
    return chance_state;
}

static double between(double low, double high)
{
    return low + (high - low) * (chance() % 100001) / 100000.0;
}

static void chance_start(uint32_t number)
{
    chance_state = (number + 1) * 2654435761u;
    for (int i = 0; i < 8; i++)
        chance();
}

/* ---- the scene: where the code lies and how it is spoiled ---- */

struct scene {
    int32_t width_px, height_px;
    double matrix[9];        /* picture → modules, projective; (0,0) is the code's top left module */
    double dark, light;      /* grey of modules */
    double paper;            /* grey around the margin */
    double slope_x, slope_y; /* light changes by this much over the picture, as a factor */
    double shadow_at;        /* share of the width where a shadow begins; 0 none */
    double texture, noise, blur_px;
    double grid_px, grid_depth; /* pixel grid of a photographed screen */
    bool inverted, phone;
    int quality;
};

/* Modules → picture: scale, turn, shear of perspective; then inverted. */
static void place_code(struct scene *s, int modules, double module_px, double angle_deg, double tilt_x, double tilt_y,
                       double centre_x, double centre_y)
{
    double turn = angle_deg * 3.14159265358979 / 180, middle = modules / 2.0;
    double c = cos(turn) * module_px, n = sin(turn) * module_px;
    double p = tilt_x / modules, q = tilt_y / modules;
    /* x = (c u - n v) / w + cx, y = (n u + c v) / w + cy, w = 1 + p u + q v, (u, v) from the code's centre */
    double a = c + centre_x * p, b = -n + centre_x * q, d = n + centre_y * p, e = c + centre_y * q;
    const double m[9] = {a, b, centre_x, d, e, centre_y, p, q, 1};
    double *i = s->matrix;
    i[0] = m[4] * m[8] - m[5] * m[7], i[1] = m[2] * m[7] - m[1] * m[8], i[2] = m[1] * m[5] - m[2] * m[4];
    i[3] = m[5] * m[6] - m[3] * m[8], i[4] = m[0] * m[8] - m[2] * m[6], i[5] = m[2] * m[3] - m[0] * m[5];
    i[6] = m[3] * m[7] - m[4] * m[6], i[7] = m[1] * m[6] - m[0] * m[7], i[8] = m[0] * m[4] - m[1] * m[3];
    for (int k = 0; k < 3; k++) {
        i[k] += middle * i[6 + k];
        i[3 + k] += middle * i[6 + k];
    }
}

static double module_grey(const struct scene *s, const QRcode *code, double u, double v)
{
    int modules = code->width, column = (int)floor(u), row = (int)floor(v);
    if (column < -QUIET || row < -QUIET || column >= modules + QUIET || row >= modules + QUIET)
        return -1;
    bool dark =
        column >= 0 && row >= 0 && column < modules && row < modules && (code->data[row * modules + column] & 1);
    return dark != s->inverted ? s->dark : s->light;
}

/* What is around the code: a phone's page with lines of text, or a wall with some structure. */
static double around_grey(const struct scene *s, int32_t x, int32_t y)
{
    if (!s->phone)
        return s->paper + s->texture * sin(x * 0.013 + y * 0.007) * sin(y * 0.021);
    bool line = y % 64 < 22 && x > s->width_px / 12 && (x / 17 + y / 64 * 7) % 5 != 0 && x < s->width_px * 11 / 12;
    return line ? (x * 7 + y * 3) % 11 < 6 ? 60 : 235 : 245;
}

/* Beyond the margin by more than a pixel can reach: most of a large photo. */
static bool is_far(const struct scene *s, const QRcode *code, int32_t x, int32_t y)
{
    double w = s->matrix[6] * x + s->matrix[7] * y + s->matrix[8];
    double u = (s->matrix[0] * x + s->matrix[1] * y + s->matrix[2]) / w;
    double v = (s->matrix[3] * x + s->matrix[4] * y + s->matrix[5]) / w;
    double room = QUIET + 2;
    return u < -room || v < -room || u > code->width + room || v > code->width + room;
}

static double pixel_grey(const struct scene *s, const QRcode *code, int32_t x, int32_t y)
{
    double sum = 0;
    if (is_far(s, code, x, y))
        return around_grey(s, x, y);
    for (int i = 0; i < SAMPLES * SAMPLES; i++) {
        double px = x + (i % SAMPLES + 0.5) / SAMPLES, py = y + (i / SAMPLES + 0.5) / SAMPLES;
        double w = s->matrix[6] * px + s->matrix[7] * py + s->matrix[8];
        double grey = module_grey(s, code, (s->matrix[0] * px + s->matrix[1] * py + s->matrix[2]) / w,
                                  (s->matrix[3] * px + s->matrix[4] * py + s->matrix[5]) / w);
        sum += grey < 0 ? around_grey(s, x, y) : grey;
    }
    return sum / (SAMPLES * SAMPLES);
}

static double light_at(const struct scene *s, int32_t x, int32_t y)
{
    double across = (double)x / s->width_px, down = (double)y / s->height_px;
    double light = 1 + s->slope_x * (across - 0.5) + s->slope_y * (down - 0.5);
    if (s->shadow_at > 0 && across > s->shadow_at + 0.1 * sin(down * 5))
        light *= 0.62;
    return light;
}

/* ---- spoiling ---- */

static void blur_line(double *values, size_t count, size_t step, double sigma_px, double *scratch)
{
    int reach = (int)ceil(3 * sigma_px);
    double weights[64], whole = 0;
    CHECK(2 * reach < (int)countof(weights));
    for (int t = -reach; t <= reach; t++) {
        weights[t + reach] = exp(-t * t / (2 * sigma_px * sigma_px));
        whole += weights[t + reach];
    }
    for (size_t i = 0; i < count; i++)
        scratch[i] = values[i * step];
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        for (int t = -reach; t <= reach; t++) {
            int64_t at = (int64_t)i + t;
            at = at < 0 ? 0 : at >= (int64_t)count ? (int64_t)count - 1 : at;
            sum += weights[t + reach] * scratch[at];
        }
        values[i * step] = sum / whole;
    }
}

static void blur(const struct scene *s, double *grey)
{
    size_t width = (size_t)s->width_px, height = (size_t)s->height_px;
    double *scratch = malloc((width > height ? width : height) * sizeof *scratch);
    CHECK(scratch != NULL);
    for (size_t y = 0; y < height; y++)
        blur_line(grey + y * width, width, 1, s->blur_px, scratch);
    for (size_t x = 0; x < width; x++)
        blur_line(grey + x, height, width, s->blur_px, scratch);
    free(scratch);
}

static unsigned char to_byte(double value)
{
    return (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5);
}

/* The grid of another screen beats with ours: stripes that differ by colour. */
static void put_pixel(const struct scene *s, double grey, int32_t x, int32_t y, unsigned char *rgb)
{
    for (int channel = 0; channel < 3; channel++) {
        double value = grey * light_at(s, x, y);
        if (s->grid_px > 0)
            value *= 1 - s->grid_depth * (0.5 + 0.25 * sin(6.2832 * (x + channel * s->grid_px / 3) / s->grid_px) +
                                          0.25 * sin(6.2832 * (y + 0.11 * x) / (s->grid_px * 1.07)));
        value += s->noise * (between(-1, 1) + between(-1, 1));
        rgb[channel] = to_byte(value);
    }
}

static bool render(const struct scene *s, const QRcode *code, struct buf *file)
{
    size_t count = (size_t)s->width_px * (size_t)s->height_px;
    double *grey = malloc(count * sizeof *grey);
    struct image picture = {s->width_px, s->height_px, malloc(count * 3)};
    bool good = grey != NULL && picture.rgb != NULL;
    for (int32_t y = 0; good && y < s->height_px; y++)
        for (int32_t x = 0; x < s->width_px; x++)
            grey[(size_t)y * (size_t)s->width_px + (size_t)x] = pixel_grey(s, code, x, y);
    if (good && s->blur_px > 0)
        blur(s, grey);
    for (int32_t y = 0; good && y < s->height_px; y++)
        for (int32_t x = 0; x < s->width_px; x++) {
            size_t at = (size_t)y * (size_t)s->width_px + (size_t)x;
            put_pixel(s, grey[at], x, y, picture.rgb + at * 3);
        }
    good = good && jpeg_encode(&picture, s->quality, 72, file) == ERR_NONE;
    free(grey);
    image_release(&picture);
    return good;
}

/* ---- the eight ways ---- */

static void frame_around(struct scene *s, int modules, double module_px, double room)
{
    double side = (modules + 2 * QUIET) * module_px * room;
    s->width_px = (int32_t)(side * between(1.02, 1.3));
    s->height_px = (int32_t)(side * between(1.02, 1.5));
}

static void centred(struct scene *s, int modules, double module_px, double angle_deg, double tilt_x, double tilt_y)
{
    place_code(s, modules, module_px, angle_deg, tilt_x, tilt_y, s->width_px / 2.0 + between(-3, 3),
               s->height_px / 2.0 + between(-3, 3));
}

static void way_screenshot(struct scene *s, int modules)
{
    double module_px = floor(between(3, 8.99)), most = floor(1040.0 / (modules + 2 * QUIET));
    module_px = module_px > most ? most : module_px;
    *s = (struct scene){1080, 2340, .light = 255, .phone = true, .quality = (int)between(75, 92)};
    double left = floor((1080 - modules * module_px) / 2), top = floor(between(300, 900));
    place_code(s, modules, module_px, 0, 0, 0, left + modules * module_px / 2, top + modules * module_px / 2);
}

static void way_resized(struct scene *s, int modules)
{
    double module_px = between(1.9, 4);
    *s = (struct scene){.light = 255, .paper = 250, .blur_px = between(0.3, 0.5), .quality = (int)between(60, 80)};
    frame_around(s, modules, module_px, 1);
    centred(s, modules, module_px, 0, 0, 0);
}

static void way_photo(struct scene *s, int modules)
{
    double module_px = between(3.2, 7), angle = between(5, 35) * (chance() % 2 ? 1 : -1);
    *s = (struct scene){.dark = between(15, 50), .light = between(190, 240), .paper = 150, .texture = 25};
    s->slope_x = between(-0.4, 0.4), s->slope_y = between(-0.4, 0.4);
    s->noise = between(2, 9), s->blur_px = between(0.5, 1.1), s->quality = (int)between(70, 90);
    frame_around(s, modules, module_px, 1.45);
    centred(s, modules, module_px, angle, between(-0.12, 0.12), between(-0.12, 0.12));
}

static void way_blurred(struct scene *s, int modules)
{
    double module_px = between(4, 9);
    *s = (struct scene){.dark = 20, .light = 235, .paper = 200, .texture = 10, .noise = between(1, 4)};
    s->blur_px = module_px * between(0.4, 0.6), s->quality = (int)between(70, 90);
    frame_around(s, modules, module_px, 1.15);
    centred(s, modules, module_px, between(-6, 6), 0, 0);
}

static void way_moire(struct scene *s, int modules)
{
    double module_px = between(4, 8);
    *s = (struct scene){.dark = between(20, 50), .light = between(210, 250), .paper = 235};
    s->grid_px = between(2.1, 5), s->grid_depth = between(0.15, 0.4);
    s->slope_x = between(-0.2, 0.2), s->noise = between(2, 6), s->blur_px = between(0.6, 1.1);
    s->quality = (int)between(60, 85);
    frame_around(s, modules, module_px, 1.2);
    centred(s, modules, module_px, between(-10, 10), between(-0.08, 0.08), between(-0.08, 0.08));
}

static void way_small(struct scene *s, int modules)
{
    double module_px = between(3, 4), half = (modules + 2 * QUIET) * module_px / 2;
    *s = (struct scene){3024, 4032, .dark = 30, .light = 225, .paper = 140, .texture = 60, .noise = between(2, 5)};
    s->blur_px = between(0.5, 0.8), s->quality = 88, s->slope_x = between(-0.3, 0.3);
    place_code(s, modules, module_px, between(-8, 8), 0, 0, between(half * 1.2, 3024 - half * 1.2),
               between(half * 1.2, 4032 - half * 1.2));
}

static void way_dim(struct scene *s, int modules)
{
    double module_px = between(3, 6);
    *s = (struct scene){.dark = between(40, 80), .light = between(130, 170), .paper = 110, .texture = 15};
    s->slope_x = between(-0.6, 0.6), s->slope_y = between(-0.5, 0.5), s->shadow_at = between(0.3, 0.8);
    s->noise = between(1, 5), s->blur_px = between(0.3, 0.8), s->inverted = chance() % 3 == 0;
    s->quality = (int)between(70, 90);
    frame_around(s, modules, module_px, 1.1);
    centred(s, modules, module_px, between(-5, 5), 0, 0);
}

static void way_squeezed(struct scene *s, int modules)
{
    double module_px = between(3, 4.5);
    *s = (struct scene){.dark = 10, .light = 250, .paper = 245, .noise = 1, .quality = (int)between(25, 40)};
    frame_around(s, modules, module_px, 1.05);
    centred(s, modules, module_px, between(-3, 3), 0, 0);
}

static const struct {
    const char *name;
    void (*make)(struct scene *s, int modules);
} ways[CODE_DRAW_WAYS] = {
    {"screenshot", way_screenshot}, {"resized", way_resized}, {"photo", way_photo}, {"blurred", way_blurred},
    {"moire", way_moire},           {"small", way_small},     {"dim", way_dim},     {"squeezed", way_squeezed},
};

/* ---- cases ---- */

/* Nine tenths of what level M holds; half of them base64, as text travels, half plain bytes, as ciphers are. */
static void make_payload(struct code_drawn *drawn)
{
    int v = drawn->version;
    size_t len = (size_t)(0.9 * (1.3 * v * v + 6 * v + 16));
    CHECK(len < sizeof drawn->payload);
    if (chance() % 2 == 0) {
        unsigned char raw[CODE_DRAW_PAYLOAD_MAX];
        char text[CODE_DRAW_PAYLOAD_MAX * 4 / 3 + 8];
        for (size_t i = 0; i < len; i++)
            raw[i] = (unsigned char)chance();
        crypt_base64(raw, len / 4 * 3, false, text);
        len = len / 4 * 4;
        memcpy(drawn->payload, text, len);
    } else {
        for (size_t i = 0; i < len; i++)
            drawn->payload[i] = (unsigned char)(chance() >> 8);
    }
    drawn->len = len;
}

bool code_draw_case(uint32_t number, struct code_drawn *drawn, struct buf *file)
{
    struct scene s;
    chance_start(number);
    *drawn = (struct code_drawn){.way = ways[number % CODE_DRAW_WAYS].name,
                                 .version = 4 + (int)(number / CODE_DRAW_WAYS * 11 % 28)};
    make_payload(drawn);
    QRcode *code = QRcode_encodeData((int)drawn->len, drawn->payload, drawn->version,
                                     chance() % 2 == 0 ? QR_ECLEVEL_M : QR_ECLEVEL_L);
    if (code == NULL)
        return false;
    drawn->version = code->version;
    ways[number % CODE_DRAW_WAYS].make(&s, code->width);
    bool good = render(&s, code, file);
    QRcode_free(code);
    return good;
}

/* Two codes beside each other are one wide code with a margin between them. */
static QRcode *side_by_side(QRcode *a, QRcode *b)
{
    int gap = 2 * QUIET, side = a->width + gap + b->width;
    QRcode *both = calloc(1, sizeof *both);
    CHECK(both != NULL);
    both->width = side;
    both->data = calloc((size_t)side * (size_t)side, 1);
    CHECK(both->data != NULL);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            int from_b = x - a->width - gap;
            if (x < a->width && y < a->width)
                both->data[y * side + x] = a->data[y * a->width + x];
            else if (from_b >= 0 && y < b->width)
                both->data[y * side + x] = b->data[y * b->width + from_b];
        }
    QRcode_free(a);
    QRcode_free(b);
    return both;
}

bool code_draw_clean(const void *payload, size_t len, const char *second, int module_px, struct buf *file)
{
    QRcode *code = QRcode_encodeData((int)len, payload, 0, QR_ECLEVEL_M);
    QRcode *beside =
        second == NULL ? NULL : QRcode_encodeData((int)strlen(second), (const void *)second, 0, QR_ECLEVEL_M);
    if (code == NULL)
        return false;
    if (beside != NULL)
        code = side_by_side(code, beside);
    struct scene s = {.light = 255, .paper = 255, .quality = 90};
    chance_start(1);
    s.width_px = s.height_px = (code->width + 2 * QUIET + 2) * module_px;
    place_code(&s, code->width, module_px, 0, 0, 0, s.width_px / 2.0, s.height_px / 2.0);
    bool good = render(&s, code, file);
    QRcode_free(code);
    return good;
}
