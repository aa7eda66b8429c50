/* matte_work — what the steps of one matte share: the frame, the head in cells, and fields of cells (matte_field.h).
 *
 * One allocation, made and freed by matte.c; steps fill their fields in the order of this struct. Only matte*.c. */
#ifndef XY_WORKERS_MATTE_WORK_H
#define XY_WORKERS_MATTE_WORK_H

#include "workers/matte.h"
#include "workers/matte_field.h"
#include "workers/matte_pyramid.h"

enum matte_kind {
    MATTE_WALL,    /* surely not the sitter, and its colour is what lies behind the edge nearby */
    MATTE_UNKNOWN, /* alpha decides */
    MATTE_PERSON,  /* surely the sitter: the source's own pixels */
    MATTE_OTHER    /* surely not the sitter, but no wall either: people behind */
};

#define MATTE_COARSE_CELLS 8 /* to a side: 16 px of the frame */

struct matte_work {
    const struct image *frame;
    const struct face_landmarks *marks;
    int32_t width, height; /* cells */
    size_t count;
    float face_width, centre_x, eye_y, chin_y, crown_y; /* cells */
    bool crown_found;

    unsigned char *colour; /* RGB per cell */
    unsigned char *grey;
    unsigned char *mask; /* 0 wall … 255 person */
    unsigned char *hull; /* 1: inside the face */
    unsigned char *kind; /* enum matte_kind */
    unsigned char *flag; /* scratch of single steps; after matte_trimap_sitter: whose body */
    unsigned char *open; /* scratch of single steps */
    uint16_t *inside;    /* person cells: to the nearest wall cell; fifths of a cell */
    uint16_t *outside;   /* wall cells: to the nearest person cell */
    uint16_t *apart;     /* to the nearest person cell whose colour is worth knowing */
    uint32_t *nearest;   /* … which is this one */
    uint32_t *queue;     /* scratch of floods */
    float *fields[4];    /* scratch: see matte_alpha.c */
    float *box_scratch;
    float noise; /* RGB distance of wall cells from the wall close by: grain */
    float calm;  /* up to this unrest the wall's colour is believed */
    bool plain;  /* most of the wall is calm: the rest is light and shadow */
    bool has_wall, has_person;
    struct matte_pyramid coarse; /* the wall at large; strands and dust average out */
    struct matte_pyramid unrest; /* r: RGB distance of the wall from the wall half a face around: patterns, objects */
    struct matte_pyramid wall, person;
};

static inline float matte_distance2(const unsigned char *rgb, struct matte_colour to)
{
    float r = (float)rgb[0] - to.r, g = (float)rgb[1] - to.g, b = (float)rgb[2] - to.b;
    return r * r + g * g + b * b;
}

/* ---- matte_trimap.c: from a coarse mask to wall, unknown, person ---- */

/* Where the jaw from mark `first` to `last` crosses row y, in cells; false when it does not. */
bool matte_trimap_jaw(const struct face_landmarks *marks, int first, int last, float y, float *x);
void matte_trimap_hull(struct matte_work *work);
/* Keeps the sitter, fills pinholes, marks other people; returns their area / the sitter's. */
double matte_trimap_sitter(struct matte_work *work);
void matte_trimap_bands(struct matte_work *work);

/* ---- matte_wall.c: the wall's own colour ---- */

/* Without a mask: fills work->mask by flooding the wall from the borders. */
void matte_wall_mask(struct matte_work *work);
/* The colours of all wall cells; false when there is none. Uses work->open. */
bool matte_wall_colours(struct matte_work *work, struct matte_pyramid *pyramid);
/* work->coarse, has_wall, noise, unrest, plain and calm from all wall cells. */
void matte_wall_learn(struct matte_work *work);

/* How restless the wall is near a cell. Plain walls stay below 3, in shadow 9, rooms reach 10 to 50; beyond work->calm
 * its colour proves nothing. */
float matte_wall_unrest(const struct matte_work *work, int32_t x, int32_t y);
/* Has the pixel the wall's tint, at `least` or more of its brightness? */
bool matte_wall_tint(const unsigned char *rgb, struct matte_colour wall, float least);

/* ---- matte_refine.c: three corrections a plain wall allows, and its fine colours ---- */

/* Strands beyond the band → unknown, flat shade next to the head → wall, wall inside the person → unknown. */
void matte_refine(struct matte_work *work);
/* Is the cell darker or brighter than both its sides by `least` grey levels, in any of four directions? Strands are;
 * the edges of shadows and shoulders are not. */
bool matte_refine_is_strand(const struct matte_work *work, int32_t x, int32_t y, int32_t least);

/* ---- matte_alpha.c ---- */

/* work->person, nearest and has_person from all person cells. */
void matte_person_colours(struct matte_work *work);

/* Alpha and the person's own colours for every pixel; returns the share of the outline with low contrast. */
double matte_alpha(struct matte_work *work, struct matte *out);

/* ---- matte_mend.c ---- */

/* Thin lines inside the person where one of its colours becomes another and on the way looks like wall (a white collar
 * at a neck) are given back to it. */
void matte_mend(struct matte_work *work, struct matte *out);

/* ---- matte_doubts.c ---- */

void matte_doubts(const struct matte_work *work, const struct matte *matte, struct matte_doubts *out);

#endif
