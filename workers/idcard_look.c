#include "workers/idcard_look.h"

#include "base/json.h"

#include <math.h>

#define NO NAN
static const struct {
    const char *id, *unit;
    int decimals;
    double below, above;
    const char *fix_zh, *fix_en, *short_zh, *short_en;
} warnings[CARD_WARNING_COUNT] = {
#define CARD_WARNING(id, unit, decimals, below, above, fix_zh, fix_en, short_zh, short_en)                             \
    {#id, unit, decimals, below, above, fix_zh, fix_en, short_zh, short_en},
#include "workers/idcard_warnings.def"
#undef CARD_WARNING
};

#define SMALL_WIDTH_PX  318 /* the whole card, for light and colour */
#define SMALL_HEIGHT_PX 200
#define CLIPPED         250  /* of 255 in all channels */
#define GLARE_TIMES     1.45 /* brighter than the card's own ground by so much */
#define RIM_PX          10   /* of the small card: the table shows at the round corners */
#define SUM_MIN         90   /* darker pixels have no reliable colour */

static const struct resample_area whole = {0, 0, 1, 1};
static const struct resample_area number_line = {0.32, 0.80, 0.62, 0.14}; /* always has sharp black print */

/* ---- light and colour, on the small card ---- */

static int least(const unsigned char *p)
{
    int low = p[0] < p[1] ? p[0] : p[1];
    return low < p[2] ? low : p[2];
}

/* The value below which `share` of the histogram lies. */
static int percentile(const size_t histogram[256], size_t count, double share)
{
    size_t seen = 0;
    int at = 0;
    while (at < 255 && (double)(seen += histogram[at]) < share * (double)count)
        at++;
    return at;
}

static void look_at_light(const struct image *flat, struct card_look *look)
{
    size_t histogram[256] = {0}, count = (size_t)flat->width_px * (size_t)flat->height_px, glaring = 0;
    for (size_t i = 0; i < count; i++)
        histogram[least(flat->rgb + i * 3)]++;
    int ground = percentile(histogram, count, 0.60);
    for (int value = 0; value < 256; value++)
        if (value >= CLIPPED || value > ground * GLARE_TIMES)
            glaring += histogram[value];
    look->measured[CARD_WARNING_glare] = (double)glaring / (double)count;
    look->measured[CARD_WARNING_brightness] = ground;
}

/* How much the colours differ across the card: a copy has one tint everywhere, whatever the lamp. */
static void look_at_colour(const struct image *flat, struct card_look *look)
{
    double n = 0, r = 0, b = 0, rr = 0, bb = 0;
    for (int32_t y = RIM_PX; y + 3 + RIM_PX < flat->height_px; y += 4)
        for (int32_t x = RIM_PX; x + 3 + RIM_PX < flat->width_px; x += 4) { /* 4×4 together: noise has colours too */
            int sum[3] = {0, 0, 0};
            for (int i = 0; i < 16; i++) {
                const unsigned char *p =
                    flat->rgb + ((size_t)(y + i / 4) * (size_t)flat->width_px + (size_t)(x + i % 4)) * 3;
                sum[0] += p[0], sum[1] += p[1], sum[2] += p[2];
            }
            double all = sum[0] + sum[1] + sum[2];
            if (all < 16 * SUM_MIN || sum[1] >= 16 * CLIPPED)
                continue;
            double red = sum[0] / all, blue = sum[2] / all;
            n++, r += red, b += blue, rr += red * red, bb += blue * blue;
        }
    if (n < 100)
        return;
    double variance = rr / n - r / n * (r / n) + bb / n - b / n * (b / n);
    look->measured[CARD_WARNING_colour_spread] = 1000 * sqrt(variance > 0 ? variance : 0);
}

/* ---- sharpness, where the number is ---- */

/* How fast the strongest edges go from black to white: 1 from one pixel to the next, 0.05 across twenty. */
static double edge_speed(const struct image *flat)
{
    size_t slopes[256] = {0}, values[256] = {0}, count = 0;
    for (int32_t y = 0; y < flat->height_px; y++)
        for (int32_t x = 1; x + 1 < flat->width_px; x++) {
            const unsigned char *p = flat->rgb + ((size_t)y * (size_t)flat->width_px + (size_t)x) * 3 + 1;
            slopes[abs(p[3] - *(p - 3))]++;
            values[*p]++;
            count++;
        }
    int contrast = percentile(values, count, 0.60) - percentile(values, count, 0.02); /* ground − ink; glare left out */
    return contrast < 8 ? NAN : percentile(slopes, count, 0.97) / 2.0 / contrast;
}

enum err card_look_at(const struct image *picture, const struct card_plane *plane, const struct card_quad *quad,
                      double original_per_px, int sides_seen, struct card_look *look)
{
    struct image flat;
    for (int i = 0; i < CARD_WARNING_COUNT; i++)
        look->measured[i] = NAN;
    look->measured[CARD_WARNING_card_width] = card_width_px(quad) * original_per_px;
    look->measured[CARD_WARNING_sides_seen] = sides_seen;
    TRY(card_flatten(picture, plane, &whole, SMALL_WIDTH_PX, SMALL_HEIGHT_PX, &flat));
    look_at_light(&flat, look);
    look_at_colour(&flat, look);
    image_release(&flat);
    TRY(card_flatten(picture, plane, &number_line, (int32_t)(number_line.width_px * CARD_WIDTH_PX),
                     (int32_t)(number_line.height_px * CARD_HEIGHT_PX), &flat));
    look->measured[CARD_WARNING_sharpness] = edge_speed(&flat);
    image_release(&flat);
    return ERR_NONE;
}

bool card_warning_holds(const struct card_look *look, enum card_warning id)
{
    return look->measured[id] < warnings[id].below || look->measured[id] > warnings[id].above; /* NAN: neither */
}

bool card_look_warns(const struct card_look *look)
{
    for (int i = 0; i < CARD_WARNING_COUNT; i++)
        if (card_warning_holds(look, (enum card_warning)i))
            return true;
    return false;
}

void card_look_write(struct buf *b, const struct card_look *look)
{
    json_name(b, "checks");
    json_array_open(b);
    for (int i = 0; i < CARD_WARNING_COUNT; i++) {
        json_object_open(b);
        json_put_text(b, "id", warnings[i].id);
        json_put_number(b, "measured", look->measured[i], warnings[i].decimals);
        json_put_text(b, "unit", warnings[i].unit);
        json_name(b, "allowed");
        json_object_open(b);
        json_put_number(b, "min", warnings[i].below, warnings[i].decimals);
        json_put_number(b, "max", warnings[i].above, warnings[i].decimals);
        json_object_close(b);
        json_put_text(b, "verdict", card_warning_holds(look, (enum card_warning)i) ? "warn" : "pass");
        json_put_text(b, "fix_zh", warnings[i].fix_zh);
        json_put_text(b, "fix_en", warnings[i].fix_en);
        json_put_text(b, "short_zh", warnings[i].short_zh);
        json_put_text(b, "short_en", warnings[i].short_en);
        json_object_close(b);
    }
    json_array_close(b);
}

/* ---- the other side ---- */

#define EMBLEM_RIGHT 0.30 /* the emblem lies left of and above these shares of the card */
#define EMBLEM_LOW   0.52
#define EMBLEM_SHARE 0.25 /* of that corner is red */
#define OTHER_SHARE  0.04 /* … and hardly anything else */

static bool is_red(const unsigned char *p)
{
    return p[0] > 50 && p[0] > 1.5 * p[1] && p[0] > 1.5 * p[2];
}

enum err card_shows_emblem(const struct image *picture, const struct card_plane *plane, bool *emblem)
{
    enum { WIDTH = 160, HEIGHT = 100 };
    struct image flat;
    double red[2] = {0, 0}, all[2] = {0, 0}; /* the corner, the rest */
    TRY(card_flatten(picture, plane, &whole, WIDTH, HEIGHT, &flat));
    for (int y = 4; y < HEIGHT - 4; y++)
        for (int x = 4; x < WIDTH - 4; x++) {
            bool rest = x > WIDTH * EMBLEM_RIGHT || y > HEIGHT * EMBLEM_LOW;
            red[rest] += is_red(flat.rgb + (y * WIDTH + x) * 3);
            all[rest]++;
        }
    image_release(&flat);
    *emblem = red[0] > EMBLEM_SHARE * all[0] && red[1] < OTHER_SHARE * all[1];
    return ERR_NONE;
}
