#include "workers/matte.h"

#include "base/check.h"
#include "workers/matte_work.h"
#include "workers/resample.h"

#include <math.h>

#define FINE_CELLS 2 /* the colours next to the edge: 4 px of the frame */

/* ---- memory ---- */

struct region {
    unsigned char *start; /* NULL: only count */
    size_t used;
};

static void *carve(struct region *region, size_t bytes)
{
    void *mine = region->start == NULL ? NULL : region->start + region->used;
    region->used += (bytes + 15) & ~(size_t)15;
    return mine;
}

/* Lays the fields out in the region. */
static void lay_out(struct matte_work *work, struct region *region)
{
    size_t n = work->count, row = (size_t)work->width;
    work->colour = carve(region, 3 * n);
    unsigned char **const bytes[] = {&work->grey, &work->mask, &work->hull, &work->kind, &work->flag, &work->open};
    for (size_t i = 0; i < countof(bytes); i++)
        *bytes[i] = carve(region, n);
    work->inside = carve(region, n * sizeof *work->inside);
    work->outside = carve(region, n * sizeof *work->outside);
    work->apart = carve(region, n * sizeof *work->apart);
    work->nearest = carve(region, n * sizeof *work->nearest);
    work->queue = carve(region, n * sizeof *work->queue);
    for (size_t i = 0; i < countof(work->fields); i++)
        work->fields[i] = carve(region, n * sizeof(float));
    work->box_scratch = carve(region, (n + 1) * sizeof(float) + row * sizeof(double));
    struct matte_pyramid *const pyramids[] = {&work->coarse, &work->unrest, &work->wall, &work->person};
    for (size_t i = 0; i < countof(pyramids); i++) {
        int32_t cell = i < 2 ? MATTE_COARSE_CELLS : FINE_CELLS;
        struct matte_colour *values =
            carve(region, matte_pyramid_values(work->width, work->height, cell) * sizeof(struct matte_colour));
        if (values != NULL)
            matte_pyramid_init(pyramids[i], work->width, work->height, cell, values);
    }
}

/* ---- the steps ---- */

static void look(struct matte_work *work, const struct image *frame, const struct face_landmarks *marks,
                 const struct head *head)
{
    work->frame = frame;
    work->marks = marks;
    work->width = (frame->width_px + 1) / 2;
    work->height = (frame->height_px + 1) / 2;
    work->count = (size_t)work->width * (size_t)work->height;
    work->face_width = (float)fmin(fmax(head->face_width_px, 16), 4.0 * frame->width_px) / 2;
    work->centre_x = (float)head->centre_x / 2;
    work->eye_y = (float)head->eye_y / 2;
    work->chin_y = (float)fmax(head->chin_y, head->eye_y + 2) / 2;
    work->crown_y = (float)fmin(head->crown_y, head->eye_y - 2) / 2;
    work->crown_found = head->crown_found;
}

static void run(struct matte_work *work, const struct plane *mask, struct matte *out)
{
    matte_field_halve_image(work->frame, work->colour);
    for (size_t i = 0; i < work->count; i++) {
        const unsigned char *rgb = work->colour + 3 * i;
        work->grey[i] = (unsigned char)((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
    }
    matte_trimap_hull(work);
    if (mask != NULL)
        matte_field_halve_plane(mask, work->mask);
    else
        matte_wall_mask(work);
    out->doubts.by_wall = mask == NULL;
    out->doubts.strangers = matte_trimap_sitter(work);
    matte_trimap_bands(work);
    matte_refine(work);
    matte_person_colours(work);
    out->doubts.low_contrast = matte_alpha(work, out);
    matte_doubts(work, out, &out->doubts);
}

enum err matte_make(const struct image *frame, const struct plane *mask, const struct face_landmarks *marks,
                    const struct head *head, struct matte *out)
{
    CHECK(frame->width_px > 0 && frame->height_px > 0 && frame->width_px <= IMAGE_SIDE_PX_MAX &&
          frame->height_px <= IMAGE_SIDE_PX_MAX);
    CHECK(mask == NULL || (mask->width_px == frame->width_px && mask->height_px == frame->height_px));
    size_t pixels = (size_t)frame->width_px * (size_t)frame->height_px;
    struct matte_work work = {0};
    look(&work, frame, marks, head);
    struct region needed = {0};
    lay_out(&work, &needed);
    struct region memory = {malloc(needed.used), 0};
    *out = (struct matte){.alpha = {frame->width_px, frame->height_px, malloc(pixels)},
                          .foreground = {frame->width_px, frame->height_px, malloc(3 * pixels)}};
    bool good = memory.start != NULL && out->alpha.values != NULL && out->foreground.rgb != NULL;
    if (good) {
        lay_out(&work, &memory);
        memcpy(out->foreground.rgb, frame->rgb, 3 * pixels);
        run(&work, mask, out);
    } else {
        matte_release(out);
    }
    free(memory.start);
    return good ? ERR_NONE : ERR_BUSY;
}

/* ---- onto a colour ---- */

static void composite_row(const struct matte *matte, const unsigned char colour[3], int32_t y, unsigned char *out)
{
    size_t row = (size_t)matte->alpha.width_px;
    const unsigned char *alpha = matte->alpha.values + (size_t)y * row;
    const unsigned char *rgb = matte->foreground.rgb + (size_t)y * row * 3;
    for (size_t x = 0; x < row; x++, rgb += 3, out += 3) {
        int32_t a = alpha[x];
        for (int c = 0; c < 3; c++)
            out[c] = (unsigned char)((rgb[c] * a + colour[c] * (255 - a) + 127) / 255);
    }
}

/* Three pixels by three become two by two: every result covers 1.5 × 1.5 of them. */
static void reduce_rows(const unsigned char *full, const unsigned char *shared, int32_t width_px, unsigned char *out)
{
    for (int32_t x = 0; x < width_px; x++, out += 3) {
        size_t at = (size_t)(x / 2 * 3 + (x % 2 == 0 ? 0 : 2)) * 3, half = (size_t)(x / 2 * 3 + 1) * 3;
        for (size_t c = 0; c < 3; c++) {
            int32_t sum = 2 * (2 * full[at + c] + full[half + c]) + 2 * shared[at + c] + shared[half + c];
            out[c] = (unsigned char)((sum + 4) / 9);
        }
    }
}

static bool reduce_exactly(const struct matte *matte, const unsigned char colour[3], struct image *out)
{
    size_t row = (size_t)matte->alpha.width_px * 3;
    unsigned char *rows = malloc(3 * row);
    for (int32_t y = 0; rows != NULL && y < out->height_px; y += 2) {
        for (int32_t i = 0; i < 3; i++)
            composite_row(matte, colour, y / 2 * 3 + i, rows + (size_t)i * row);
        unsigned char *to = out->rgb + (size_t)y * (size_t)out->width_px * 3;
        reduce_rows(rows, rows + row, out->width_px, to);
        reduce_rows(rows + 2 * row, rows + row, out->width_px, to + (size_t)out->width_px * 3);
    }
    free(rows);
    return rows != NULL;
}

static enum err reduce_freely(const struct matte *matte, const unsigned char colour[3], int32_t width_px,
                              int32_t height_px, struct image *out)
{
    int32_t from_width = matte->alpha.width_px, from_height = matte->alpha.height_px;
    size_t row = (size_t)from_width * 3;
    struct image whole = {from_width, from_height, malloc(row * (size_t)from_height)};
    if (whole.rgb == NULL)
        return ERR_BUSY;
    for (int32_t y = 0; y < from_height; y++)
        composite_row(matte, colour, y, whole.rgb + (size_t)y * row);
    struct resample_area all = {0, 0, from_width, from_height};
    enum err e = resample(&whole, &all, width_px, height_px, RESAMPLE_BOX, out);
    image_release(&whole);
    return e;
}

enum err matte_onto(const struct matte *matte, const unsigned char colour[3], int32_t width_px, int32_t height_px,
                    struct image *out)
{
    bool exact = width_px % 2 == 0 && height_px % 2 == 0 && width_px / 2 * 3 == matte->alpha.width_px &&
                 height_px / 2 * 3 == matte->alpha.height_px;
    if (!exact)
        return reduce_freely(matte, colour, width_px, height_px, out);
    *out = (struct image){width_px, height_px, malloc((size_t)width_px * (size_t)height_px * 3)};
    bool good = out->rgb != NULL && reduce_exactly(matte, colour, out);
    if (!good)
        image_release(out);
    return good ? ERR_NONE : ERR_BUSY;
}

void matte_release(struct matte *matte)
{
    plane_release(&matte->alpha);
    image_release(&matte->foreground);
    matte->doubts = (struct matte_doubts){0};
}
