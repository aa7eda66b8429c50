#include "workers/measure_clothes.h"

#include "workers/measure_lab.h"

#include <math.h>

#define SURE        250 /* alpha of 255: no hair, no soft edge */
#define STEP_PX     4
#define SHARE_MIN   0.02 /* of the frame: less than that is a collar, not clothes */
#define BELOW_CHIN  0.35 /* eye to chin distances: the neck lies above */
#define CORNER_SIDE 0.10 /* of the photo's width */

static void widen(struct face_box *box, int32_t x, int32_t y)
{
    if (box->width_px == 0) {
        *box = (struct face_box){x, y, 1, 1, 0};
        return;
    }
    int32_t right = box->x_px + box->width_px, bottom = box->y_px + box->height_px;
    box->x_px = x < box->x_px ? x : box->x_px;
    box->y_px = y < box->y_px ? y : box->y_px;
    box->width_px = (x >= right ? x + 1 : right) - box->x_px;
    box->height_px = (y >= bottom ? y + 1 : bottom) - box->y_px;
}

void measure_clothes(const struct matte *matte, const struct head *head, const unsigned char background[3],
                     struct clothes *out)
{
    const struct plane *alpha = &matte->alpha;
    struct lab wanted = measure_lab(background);
    int32_t top = (int32_t)fmax(0, head->chin_y + BELOW_CHIN * head->eye_to_chin_px);
    int64_t alike = 0, count = 0;
    *out = (struct clothes){.alike = NAN};
    for (int32_t y = top; y < alpha->height_px; y += STEP_PX) {
        for (int32_t x = 0; x < alpha->width_px; x += STEP_PX) {
            size_t at = (size_t)y * (size_t)alpha->width_px + (size_t)x;
            if (alpha->values[at] < SURE)
                continue;
            struct lab one = measure_lab(matte->foreground.rgb + 3 * at);
            count++;
            if (measure_lab_apart(&one, &wanted) >= CLOTHES_ALIKE)
                continue;
            alike++;
            widen(&out->at, x, y);
        }
    }
    double pixels = (double)alpha->width_px * alpha->height_px / (STEP_PX * STEP_PX);
    if ((double)count >= SHARE_MIN * pixels)
        out->alike = (double)alike / (double)count;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double measure_backdrop(const struct image *photo, const struct head *head, const unsigned char background[3])
{
    enum { SAMPLES = 64 };
    double found[SAMPLES], side = CORNER_SIDE * photo->width_px;
    double height = fmin(side, fmax(head->crown_y, 8));
    struct lab wanted = measure_lab(background);
    for (int i = 0; i < SAMPLES; i++) { /* a grid of 4 × 8 in each upper corner */
        double across = side * ((i % 4) + 0.5) / 4, down = height * ((i / 4 % 8) + 0.5) / 8;
        int32_t x = (int32_t)(i < SAMPLES / 2 ? across : photo->width_px - 1 - across), y = (int32_t)down;
        struct lab one = measure_lab(photo->rgb + ((size_t)y * (size_t)photo->width_px + (size_t)x) * 3);
        found[i] = measure_lab_apart(&one, &wanted);
    }
    qsort(found, SAMPLES, sizeof found[0], by_value);
    return found[SAMPLES / 2];
}
