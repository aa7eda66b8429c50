/* matte_field — the arithmetic under the matte: fields of cells, a cell being 2×2 pixels of the frame.
 *
 * What varies slowly (masks, distances, colours of wall and person) lives on cells, a quarter of the work; only alpha
 * itself is computed per pixel. All functions are O(cells), deterministic, without memory of their own: scratch comes
 * from the caller. Only matte*.c use it. */
#ifndef XY_WORKERS_MATTE_FIELD_H
#define XY_WORKERS_MATTE_FIELD_H

#include "workers/image.h"

/* Distances are in fifths of a cell (chamfer 5/7: within 5 % of Euclid's). */
#define MATTE_FIELD_STEP 5
#define MATTE_FIELD_FAR  UINT16_MAX

/* Mean colour of every cell; odd frames end in half cells. out: cells × 3 bytes. */
void matte_field_halve_image(const struct image *frame, unsigned char *out);
void matte_field_halve_plane(const struct plane *plane, unsigned char *out);

/* How far every cell is from the nearest cell with seed[i] != 0; FAR when there is none. */
void matte_field_distance(const unsigned char *seed, int32_t width, int32_t height, uint16_t *distance);

/* The same from seeds that start at a distance of their own: distance holds it, FAR for what is no seed. nearest gets
 * the index of the seed that won; itself where FAR. */
void matte_field_nearest(uint16_t *distance, uint32_t *nearest, int32_t width, int32_t height);

/* Mean over (2·radius+1)² cells, fewer at the border, in place. scratch: width × height floats + 2 × width. */
void matte_field_box(float *values, int32_t width, int32_t height, int32_t radius, float *scratch);

/* Everything reachable from the first `count` cells of `queue` through cells with open[i] != 0, diagonals too. Such
 * cells become `mark` in `seen` (where they must be 0 before) and are appended to the queue, which has room for all
 * cells; the first ones are marked by the caller. Returns how many are in the queue then. */
size_t matte_field_flood(const unsigned char *open, unsigned char *seen, unsigned char mark, uint32_t *queue,
                         size_t count, int32_t width, int32_t height);

#endif
