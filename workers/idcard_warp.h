/* idcard_warp — a flat card seen by a camera: four corners, the plane they span, and the card laid flat again.
 *
 * Card coordinates run from 0 to 1 along both sides of the upright card, whatever its size in the picture. Picture
 * coordinates are pixels with whole numbers at the pixels' corners. Pure; any thread; outputs are malloc'd. */
#ifndef XY_WORKERS_IDCARD_WARP_H
#define XY_WORKERS_IDCARD_WARP_H

#include "base/base.h"
#include "base/err.h"
#include "workers/image.h"
#include "workers/resample.h"

#define CARD_RATIO     1.5852 /* 85.6 mm × 54.0 mm */
#define CARD_WIDTH_PX  1270
#define CARD_HEIGHT_PX 800

struct card_point {
    double x, y;
};

/* Clockwise from the card's own upper left. */
struct card_quad {
    struct card_point corners[4];
};

struct card_plane {
    double terms[9]; /* card → picture, row by row, the last is 1 */
};

/* False when the corners do not span a plane: three on a line, or crossed sides. */
bool card_plane_of(const struct card_quad *quad, struct card_plane *plane);
struct card_point card_to_picture(const struct card_plane *plane, double x, double y);

/* The same card read with another corner first: 1..3 quarter turns counter-clockwise. */
struct card_quad card_turned(const struct card_quad *quad, int quarters);

/* Length of the upper and lower sides together, halved; and of the left and right ones. */
double card_width_px(const struct card_quad *quad);
double card_height_px(const struct card_quad *quad);

/* What the sides' ratio would be without perspective, for a camera whose focal length is focal_px and whose axis goes
 * through the picture's middle; *square is how far the sides are from a right angle (0: exactly one). */
double card_true_ratio(const struct card_plane *plane, double middle_x_px, double middle_y_px, double focal_px,
                       double *square);

/* The part `area` of the card (its members are card coordinates here), laid flat in width_px × height_px. Outside of
 * the picture its edge pixels are repeated. BUSY when there is no memory. */
enum err card_flatten(const struct image *from, const struct card_plane *plane, const struct resample_area *area,
                      int32_t width_px, int32_t height_px, struct image *out);

#endif
