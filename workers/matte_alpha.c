#include "workers/matte_work.h"

#include <math.h>

/* Alpha is stretched between these two: below is noise of the wall, above is noise of the person. */
#define CURVE_FROM  0.06f
#define CURVE_TO    0.92f
#define NOISE_SHARE 2.0f /* … and noise that is larger than usual lifts the lower end */

/* Beside a busy wall its colour is a guess: the mask's own edge, sharpened, is better. */
#define UNREST_SHARE 0.7f
#define MASK_FROM    70.0f
#define MASK_TO      190.0f

/* RGB distance of person and wall from which projection is believed: grows with the wall's noise. Below, the guided
 * filter decides, and inside the mask's edge it is person. */
#define CONTRAST_NONE 30.0f
#define CONTRAST_FULL 80.0f
#define CONTRAST_LOW  55.0f /* counted as doubtful */

#define SURE_INSIDE 0.02f /* face widths: where person and wall are alike the mask's edge is believed up to here */

#define EDGE_HALF 0.02f /* face widths to each side of the mask's edge: there it is asked how clear the edge is */

#define GUIDE_RADIUS 0.05f  /* face widths */
#define GUIDE_NOISE  60.0f  /* variance of grey levels below which an edge is none */
#define OFF_LINE     144.0f /* squared RGB distance at which a candidate colour counts half */
/* A pixel this far from every mix of wall and person is neither: something of the person that was not known. */
#define OFF_LEAST    10.0f
#define OFF_NOISES   4.0f
#define OFF_CONTRAST 0.12f /* lenses fringe strong edges, … */
#define OFF_MOST     18.0f /* … this much */
#define SPILL        8.0f  /* how far a cleaned colour may leave the range between pixel and person */

/* What alpha needs to know at one cell. */
struct local {
    struct matte_colour wall, lit;    /* of the wall close by; of the wall at large */
    struct matte_colour near, around; /* of the nearest sure person; of the person at large */
    float guide_a, guide_b, noise;
    float busy, mask;      /* busy 1: the wall is no help, the mask decides */
    float inside, outside; /* 0 at the mask's edge … 1 where it must be right */
};

/* ---- the person's colours ---- */

/* Wall seen between hairs passes for sure person here and there. So person cells that look like wall are asked last:
 * they are further away than they are, and weigh little. Where clothes are as white as the wall they are all there is.
 */
#define LOOKS_LIKE_WALL 0.55f /* of the wall's brightness, and its tint */
#define ASKED_LATER     0.08f /* face widths */
#define WEIGHS_LITTLE   4     /* of 255 */

void matte_person_colours(struct matte_work *work)
{
    uint16_t later = (uint16_t)(ASKED_LATER * work->face_width * MATTE_FIELD_STEP);
    size_t i = 0;
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++) {
            bool person = work->kind[i] == MATTE_PERSON;
            bool doubtful = person && work->inside[i] < 3 * later && work->has_wall &&
                            matte_wall_tint(work->colour + 3 * i, matte_pyramid_at(&work->wall, x, y), LOOKS_LIKE_WALL);
            work->open[i] = doubtful ? WEIGHS_LITTLE : person ? 255 : 0;
            work->apart[i] = doubtful ? later : person ? 0 : MATTE_FIELD_FAR;
        }
    matte_field_nearest(work->apart, work->nearest, work->width, work->height);
    work->has_person = matte_pyramid_fill(&work->person, work->colour, work->open, work->width, work->height);
}

/* ---- the guided filter, on cells ---- */

/* fields: 0 becomes the slope a, 1 the offset b of alpha = a·grey + b. */
static void guide(struct matte_work *work)
{
    float *i = work->fields[0], *p = work->fields[1], *ii = work->fields[2], *ip = work->fields[3];
    for (size_t k = 0; k < work->count; k++) {
        float grey = work->grey[k];
        float is = work->kind[k] == MATTE_PERSON ? 1 : work->kind[k] == MATTE_UNKNOWN ? work->mask[k] / 255.0f : 0;
        i[k] = grey, p[k] = is, ii[k] = grey * grey, ip[k] = grey * is;
    }
    int32_t radius = (int32_t)lroundf(fmaxf(2, GUIDE_RADIUS * work->face_width));
    for (int f = 0; f < 4; f++)
        matte_field_box(work->fields[f], work->width, work->height, radius, work->box_scratch);
    for (size_t k = 0; k < work->count; k++) {
        float a = (ip[k] - i[k] * p[k]) / (ii[k] - i[k] * i[k] + GUIDE_NOISE);
        p[k] = p[k] - a * i[k];
        i[k] = a;
    }
    matte_field_box(i, work->width, work->height, radius, work->box_scratch);
    matte_field_box(p, work->width, work->height, radius, work->box_scratch);
}

/* ---- projection ---- */

static float clamp01(float value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

static float smooth(float from, float to, float value)
{
    float t = clamp01((value - from) / (to - from));
    return t * t * (3 - 2 * t);
}

struct fit {
    float alpha, off2, contrast2; /* share of the person; squared distance from the line; |F−B|² */
};

static struct fit fit_to(const unsigned char *rgb, const struct matte_colour *person, const struct matte_colour *wall)
{
    float dr = person->r - wall->r, dg = person->g - wall->g, db = person->b - wall->b;
    float r = (float)rgb[0] - wall->r, g = (float)rgb[1] - wall->g, b = (float)rgb[2] - wall->b;
    struct fit fit = {.contrast2 = dr * dr + dg * dg + db * db};
    fit.alpha = clamp01((r * dr + g * dg + b * db) / (fit.contrast2 + 1));
    float er = r - fit.alpha * dr, eg = g - fit.alpha * dg, eb = b - fit.alpha * db;
    fit.off2 = er * er + eg * eg + eb * eb;
    return fit;
}

static unsigned char to_byte(float value)
{
    return (unsigned char)(value <= 0 ? 0 : value >= 255 ? 255 : value + 0.5f);
}

/* The wall's part taken out of one channel. Where little of the person is seen its colour is the person's nearby. */
static unsigned char cleaned(float value, float wall, float person, float alpha)
{
    float clean = (value - (1 - alpha) * wall) / fmaxf(alpha, 0.05f), edge = person + alpha * (value - person);
    float low = fminf(edge, person) - SPILL, high = fmaxf(edge, person) + SPILL;
    return to_byte(clean < low ? low : clean > high ? high : clean);
}

/* One pixel: its alpha; rgb becomes the person's own colour there. Returns |F−B|. */
static float solve(const struct local *at, unsigned char *rgb, unsigned char *alpha)
{
    struct fit near = fit_to(rgb, &at->near, &at->wall), around = fit_to(rgb, &at->around, &at->wall);
    struct fit lit = fit_to(rgb, &at->lit, &at->wall); /* between shadow and light the wall is still wall */
    float wn = 1 / (near.off2 + OFF_LINE), wa = 1 / (around.off2 + OFF_LINE), sum = wn + wa;
    wn /= sum, wa /= sum;
    float contrast = sqrtf(wn * near.contrast2 + wa * around.contrast2);
    float key = wn * near.alpha + wa * around.alpha;
    float grey = 0.299f * (float)rgb[0] + 0.587f * (float)rgb[1] + 0.114f * (float)rgb[2];
    float guided = clamp01(at->guide_a * grey + at->guide_b);
    float low = fmaxf(CURVE_FROM, NOISE_SHARE * at->noise / (contrast + 1));
    low = fminf(low, 0.5f);
    float curved = clamp01((key - low) / (CURVE_TO - low));
    guided = smooth(CURVE_FROM, CURVE_TO, guided);
    float none = 6 + 3 * at->noise, full = 16 + 8 * at->noise;
    float trust = smooth(none, full, contrast), rest = at->busy * at->mask + (1 - at->busy) * guided;
    float a = trust * curved + (1 - trust) * rest;
    float off = fmaxf(OFF_LEAST, OFF_NOISES * at->noise) + fminf(OFF_MOST, OFF_CONTRAST * contrast);
    a = fmaxf(a, smooth(off, 2 * off, sqrtf(fminf(lit.off2, fminf(near.off2, around.off2)))));
    a = fmaxf(a, at->inside * (1 - smooth(CONTRAST_NONE, CONTRAST_FULL, contrast)));
    a = fminf(fmaxf(a, at->busy * at->inside), 1 - at->busy * at->outside);
    *alpha = to_byte(a * 255);
    if (*alpha == 0 || *alpha == 255)
        return contrast;
    float share = a > curved ? fmaxf(a, key) : key; /* not the curve's: it would leave some wall in */
    rgb[0] = cleaned(rgb[0], at->wall.r, wn * at->near.r + wa * at->around.r, share);
    rgb[1] = cleaned(rgb[1], at->wall.g, wn * at->near.g + wa * at->around.g, share);
    rgb[2] = cleaned(rgb[2], at->wall.b, wn * at->near.b + wa * at->around.b, share);
    return contrast;
}

/* ---- the frame ---- */

static struct local local_at(const struct matte_work *work, int32_t x, int32_t y)
{
    size_t i = (size_t)y * (size_t)work->width + (size_t)x;
    const unsigned char *near = work->colour + 3 * (size_t)work->nearest[i];
    float unrest = matte_wall_unrest(work, x, y), sure = SURE_INSIDE * work->face_width * MATTE_FIELD_STEP;
    return (struct local){.wall = matte_pyramid_at(&work->wall, x, y),
                          .lit = matte_pyramid_at(&work->coarse, x, y),
                          .near = {near[0], near[1], near[2], 1},
                          .around = matte_pyramid_at(&work->person, x, y),
                          .guide_a = work->fields[0][i],
                          .guide_b = work->fields[1][i],
                          .noise = fmaxf(work->noise, UNREST_SHARE * unrest),
                          .busy = smooth(work->calm, 2 * work->calm, unrest),
                          .mask = smooth(MASK_FROM, MASK_TO, work->mask[i]),
                          .inside = smooth(0, sure, work->inside[i]),
                          .outside = smooth(0.3f * sure, 1.5f * sure, work->outside[i])};
}

/* The four pixels of an unknown cell; returns how many of them are hard to tell from the wall. */
static int32_t solve_cell(const struct matte_work *work, int32_t x, int32_t y, struct matte *out)
{
    struct local local = local_at(work, x, y);
    int32_t doubtful = 0;
    for (int32_t k = 0; k < 4; k++) {
        int32_t px = 2 * x + (k & 1), py = 2 * y + (k >> 1);
        if (px >= out->alpha.width_px || py >= out->alpha.height_px)
            continue;
        size_t at = (size_t)py * (size_t)out->alpha.width_px + (size_t)px;
        doubtful += solve(&local, out->foreground.rgb + 3 * at, out->alpha.values + at) < CONTRAST_LOW;
    }
    return doubtful;
}

static void fill_cell(const struct matte *out, int32_t x, int32_t y, unsigned char value)
{
    for (int32_t py = 2 * y; py < 2 * y + 2 && py < out->alpha.height_px; py++)
        for (int32_t px = 2 * x; px < 2 * x + 2 && px < out->alpha.width_px; px++)
            out->alpha.values[(size_t)py * (size_t)out->alpha.width_px + (size_t)px] = value;
}

double matte_alpha(struct matte_work *work, struct matte *out)
{
    size_t i = 0, edge = 0, doubtful = 0;
    uint16_t near = (uint16_t)(EDGE_HALF * work->face_width * MATTE_FIELD_STEP);
    bool solvable = work->has_wall && work->has_person;
    if (solvable)
        guide(work);
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++) {
            if (work->kind[i] == MATTE_UNKNOWN && solvable) {
                bool counts = work->inside[i] <= near && work->outside[i] <= near;
                size_t found = (size_t)solve_cell(work, x, y, out);
                doubtful += counts ? found : 0;
                edge += counts ? 4 : 0;
            } else {
                unsigned char soft = work->kind[i] == MATTE_UNKNOWN ? work->mask[i] : 0;
                fill_cell(out, x, y, work->kind[i] == MATTE_PERSON ? 255 : soft);
            }
        }
    return edge > 0 ? (double)doubtful / (double)edge : 0;
}
