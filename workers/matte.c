#include "workers/matte.h"

#include "base/check.h"
#include "workers/matte_work.h"

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
        work->grey[i] = image_grey(rgb);
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
    matte_mend(work, out);
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

void matte_release(struct matte *matte)
{
    plane_release(&matte->alpha);
    image_release(&matte->foreground);
    matte->doubts = (struct matte_doubts){0};
}
