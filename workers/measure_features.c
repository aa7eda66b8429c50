#include "workers/measure_features.h"

#include "workers/measure_lab.h"

#include <math.h>

/* In eye distances, unless said otherwise. */
#define CHEEK_SIDE     0.3
#define SKIN_A_MIN     5.0
#define SKIN_A_MAX     25.0
#define SKIN_B_MIN     5.0
#define SKIN_B_MAX     35.0
#define BROW_GAP       0.07 /* above the brow points, which lie in the middle of the hairs */
#define BROW_BAND      0.20 /* height of the band above that gap */
#define SKIN_CHROMA    12.0 /* a, b this close to the cheeks' … */
#define SKIN_DARKER    22.0 /* … and L* no more than this below them: hair is darker or less coloured */
#define PUPIL_RADIUS   0.06
#define RED_MIN        30.0 /* a of CIELAB: a flash on the retina reaches 40–70, brown eyes in warm light 25 … */
#define RED_BEYOND     12.0 /* … and then the cheeks are as red */
#define EYE_BOX_ACROSS 0.42
#define EYE_BOX_DOWN   0.30
#define GLARE_FROM     235

struct area {
    int32_t left, top, right, bottom; /* right and bottom are outside */
};

static int32_t within(double value, int32_t max)
{
    return value < 0 ? 0 : value > max ? max : (int32_t)lround(value);
}

static struct area area_of(const struct image *image, double x, double y, double width, double height)
{
    return (struct area){within(x - width / 2, image->width_px), within(y - height / 2, image->height_px),
                         within(x + width / 2, image->width_px), within(y + height / 2, image->height_px)};
}

static const unsigned char *pixel(const struct image *image, int32_t x, int32_t y)
{
    return image->rgb + ((size_t)y * (size_t)image->width_px + (size_t)x) * 3;
}

static bool is_white(const unsigned char *rgb)
{
    return rgb[0] > GLARE_FROM && rgb[1] > GLARE_FROM && rgb[2] > GLARE_FROM;
}

/* ---- skin ---- */

/* Below each eye, half-way to the mouth: where OFIQ looks for natural colour too. */
static double cheeks_y(const struct face_landmarks *marks, const struct head *head)
{
    return (head->eye_y + (double)(marks->points[48].y_px + marks->points[54].y_px) / 2) / 2;
}

static struct lab cheeks(const struct image *face, const struct face_landmarks *marks, const struct head *head)
{
    double side = CHEEK_SIDE * head->eye_distance_px, y = cheeks_y(marks, head);
    const double xs[2] = {head->left_eye_x, head->right_eye_x};
    struct lab sum = {0, 0, 0};
    int count = 0;
    for (int i = 0; i < 2; i++) {
        struct area area = area_of(face, xs[i], y, side, side);
        for (int32_t v = area.top; v < area.bottom; v += 2)
            for (int32_t u = area.left; u < area.right; u += 2) {
                struct lab one = measure_lab(pixel(face, u, v));
                sum.l += one.l, sum.a += one.a, sum.b += one.b;
                count++;
            }
    }
    if (count == 0)
        return (struct lab){NAN, NAN, NAN};
    return (struct lab){sum.l / count, sum.a / count, sum.b / count};
}

static double outside(double value, double min, double max)
{
    return value < min ? min - value : value > max ? value - max : 0;
}

static bool is_skin(const struct lab *one, const struct lab *cheek)
{
    return fabs(one->a - cheek->a) <= SKIN_CHROMA && fabs(one->b - cheek->b) <= SKIN_CHROMA &&
           one->l >= cheek->l - SKIN_DARKER;
}

/* Above the inner three fifths of each brow: the temples are hair on most heads. */
static double brows_shown(const struct image *face, const struct face_landmarks *marks, const struct head *head,
                          const struct lab *cheek)
{
    static const int first[2] = {18, 23}, last[2] = {21, 25};
    double unit = head->eye_distance_px;
    int skin = 0, count = 0;
    for (int brow = 0; brow < 2; brow++) {
        for (int i = first[brow]; i < last[brow]; i++) {
            const struct face_point *a = &marks->points[i], *b = &marks->points[i + 1];
            double top = (double)fminf(a->y_px, b->y_px) - (BROW_GAP + BROW_BAND) * unit;
            double middle_x = (double)(a->x_px + b->x_px) / 2, width = fabs((double)(b->x_px - a->x_px));
            struct area area = area_of(face, middle_x, top + BROW_BAND * unit / 2, width, BROW_BAND * unit);
            for (int32_t y = area.top; y < area.bottom; y += 2)
                for (int32_t x = area.left; x < area.right; x += 2) {
                    struct lab one = measure_lab(pixel(face, x, y));
                    skin += is_skin(&one, cheek);
                    count++;
                }
        }
    }
    return count > 0 ? (double)skin / count : NAN;
}

/* ---- eyes ---- */

static double red_share(const struct image *face, const struct lab *cheek, double eye_x, double eye_y, double radius)
{
    double from = fmax(RED_MIN, cheek->a + RED_BEYOND);
    struct area area = area_of(face, eye_x, eye_y, 2 * radius, 2 * radius);
    int red = 0, count = 0;
    for (int32_t y = area.top; y < area.bottom; y++)
        for (int32_t x = area.left; x < area.right; x++) {
            if (hypot(x + 0.5 - eye_x, y + 0.5 - eye_y) > radius)
                continue;
            red += measure_lab(pixel(face, x, y)).a > from;
            count++;
        }
    return count > 0 ? (double)red / count : NAN;
}

static double white_share(const struct image *face, const struct area *area)
{
    int white = 0, count = 0;
    for (int32_t y = area->top; y < area->bottom; y++)
        for (int32_t x = area->left; x < area->right; x++) {
            white += is_white(pixel(face, x, y));
            count++;
        }
    return count > 0 ? (double)white / count : NAN;
}

/* Beyond what the cheek below shows: an overexposed face is white everywhere. */
static double glare_share(const struct image *face, double eye_x, double eye_y, double cheek_y, double unit)
{
    struct area box = area_of(face, eye_x, eye_y, 2 * EYE_BOX_ACROSS * unit, 2 * EYE_BOX_DOWN * unit);
    struct area cheek = area_of(face, eye_x, cheek_y, CHEEK_SIDE * unit, CHEEK_SIDE * unit);
    return fmax(0, white_share(face, &box) - white_share(face, &cheek));
}

void measure_features(const struct image *face, const struct face_landmarks *marks, const struct head *head,
                      struct face_features *out)
{
    struct lab cheek = cheeks(face, marks, head);
    double unit = head->eye_distance_px, radius = PUPIL_RADIUS * unit, cheek_y = cheeks_y(marks, head);
    out->colour_off = hypot(outside(cheek.a, SKIN_A_MIN, SKIN_A_MAX), outside(cheek.b, SKIN_B_MIN, SKIN_B_MAX));
    out->brows_shown = brows_shown(face, marks, head, &cheek);
    out->red_eye = fmax(red_share(face, &cheek, head->left_eye_x, head->left_eye_y, radius),
                        red_share(face, &cheek, head->right_eye_x, head->right_eye_y, radius));
    out->eye_glare = fmax(glare_share(face, head->left_eye_x, head->left_eye_y, cheek_y, unit),
                          glare_share(face, head->right_eye_x, head->right_eye_y, cheek_y, unit));
}
