/* draw — identity cards of people who do not exist, and pictures of them as phones take them.
 *
 * The layout follows the public look of the card (photo on the right, labels on the left, number along the bottom),
 * without its security print; names and places are put together by chance. Numbers are the truth the reader is
 * measured against. The same seed draws the same picture on machines with the same fonts. Test code; main thread. */
#ifndef XY_TESTS_IDCARD_DRAW_H
#define XY_TESTS_IDCARD_DRAW_H

#include "base/buf.h"
#include "workers/idcard_warp.h"
#include "workers/image.h"

struct draw_random {
    uint64_t state;
};

struct drawn_person {
    char name[32], address[96], number[19];
    const char *nation;
    int year, month, day;
    bool male;
};

struct drawn_validity { /* as the reader is to say it: "2016-05-01", until also "long" */
    char from[11], until[11];
};

/* DRAW_HOPELESS is beyond what must be read: what is read there must still be right. */
enum draw_level { DRAW_CLEAN, DRAW_SLIGHT, DRAW_POOR, DRAW_STRONG, DRAW_HOPELESS, DRAW_LEVELS };

/* How a card lies before the camera. */
struct scene {
    int32_t width_px, height_px;
    double card_width; /* share of the picture's width */
    double roll_deg, tilt_x_deg, tilt_y_deg;
    double shift_x, shift_y; /* of the card's middle, shares of the picture */
    int quarters;            /* the finished picture is turned by so many quarter turns */
    bool fills;              /* a scan: the card is the picture */
    int ground;              /* 0 plain, 1 wood, 2 white table, 3 dark cloth */
    double light, shade;     /* brightness 0..1; how much darker one side is */
    double blur_px, noise;   /* Gaussian, in pixels and in steps of 255 */
    double glare;            /* 0: none; strength of one streak */
    int quality;             /* of the JPEG */
};

void draw_end(void);                                  /* the font libraries' own caches; last call */
double draw_share(struct draw_random *random);        /* 0 <= x < 1 */
int draw_pick(struct draw_random *random, int count); /* 0 <= i < count */
void draw_person(struct draw_random *random, struct drawn_person *person);
void draw_validity(struct draw_random *random, struct drawn_validity *validity);
const char *draw_level_name(enum draw_level level);
void draw_scene_of(struct draw_random *random, enum draw_level level, struct scene *scene);

/* The portrait side; face: a photo to put on it, or NULL for a drawn one. Pixels are malloc'd: image_release. */
void draw_card(struct draw_random *random, const struct drawn_person *person, const struct image *face,
               struct image *out);
void draw_emblem_side(const struct drawn_validity *validity, struct image *out);
void draw_grey(struct image *card); /* as from a black-and-white copier */

/* corners: where the card's corners are in *out, clockwise from its own upper left. */
void draw_picture(struct draw_random *random, const struct image *card, const struct scene *scene, struct image *out,
                  struct card_quad *corners);

/* Level, person, card, picture and file in one; the file belongs to the caller. */
void draw_file(struct draw_random *random, enum draw_level level, const struct image *face, struct drawn_person *person,
               struct buf *jpeg);
void draw_emblem_file(struct draw_random *random, enum draw_level level, struct drawn_validity *validity,
                      struct buf *jpeg);

#endif
