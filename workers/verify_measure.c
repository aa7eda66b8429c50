#include "workers/verify_measure.h"

#include "base/json.h"

#include <math.h>

static enum err moved_mean(const struct image *expected, const struct image *photo, const struct plane *zones,
                           const struct proof_motion *motion, double *mean)
{
    struct image moved;
    TRY(proof_moved(expected, motion, &moved));
    *mean = proof_mean(&moved, photo, zones);
    image_release(&moved);
    return ERR_NONE;
}

/* The column in the middle of the face: there a mirror is put by whoever mirrors a portrait. */
static double face_middle(const struct plane *zones)
{
    double sum = 0, count = 0;
    for (int32_t y = 0; y < zones->height_px; y++)
        for (int32_t x = 0; x < zones->width_px; x++)
            if (zones->values[(size_t)y * (size_t)zones->width_px + (size_t)x] == PROOF_FACE)
                sum += x, count += 1;
    return count > 0 ? sum / count : zones->width_px / 2.0;
}

/* Mirrored around the picture's middle or the face's, whichever fits better, and then aligned. */
static enum err mirrored_mean(const struct image *expected, const struct image *photo, const struct plane *zones,
                              double *mean)
{
    const double columns[] = {(expected->width_px - 1) / 2.0, face_middle(zones)};
    *mean = INFINITY;
    for (size_t i = 0; i < countof(columns); i++) {
        struct image mirrored;
        struct proof_motion motion;
        double aligned = INFINITY;
        TRY(proof_mirrored(expected, columns[i], &mirrored));
        *mean = fmin(*mean, proof_mean(&mirrored, photo, zones));
        enum err e = proof_align(&mirrored, photo, zones, &motion);
        if (e == ERR_NONE)
            e = moved_mean(&mirrored, photo, zones, &motion, &aligned);
        *mean = fmin(*mean, aligned);
        image_release(&mirrored);
        TRY(e);
    }
    return ERR_NONE;
}

static enum err turned_means(const struct image *expected, const struct image *photo, const struct plane *zones,
                             struct verify_numbers *out)
{
    static const double degrees[countof(out->turned)] = {-3, -1, -0.5, 0.5, 1, 3};
    for (size_t i = 0; i < countof(degrees); i++) {
        struct proof_motion turn = {.degrees = degrees[i], .scale = 1};
        out->turned[i].degrees = degrees[i];
        TRY(moved_mean(expected, photo, zones, &turn, &out->turned[i].mean));
    }
    return ERR_NONE;
}

enum err verify_measure(const struct image *expected, const struct image *photo, const struct plane *zones,
                        const unsigned char colour[3], double limit, struct verify_numbers *out)
{
    struct image moved;
    *out = (struct verify_numbers){0};
    proof_differ_in(expected, photo, zones, PROOF_FACE, limit, &out->face);
    proof_differ_in(expected, photo, zones, PROOF_PERSON, limit, &out->person);
    out->mean = proof_mean(expected, photo, zones);
    TRY(mirrored_mean(expected, photo, zones, &out->mirrored_mean));
    TRY(turned_means(expected, photo, zones, out));
    TRY(proof_align(expected, photo, zones, &out->motion));
    TRY(proof_moved(expected, &out->motion, &moved));
    out->moved_mean = proof_mean(&moved, photo, zones);
    /* Motion that does not help is none: then the picture itself is what tone and detail are compared with. */
    const struct image *best = out->moved_mean < out->mean ? &moved : expected;
    proof_tone(best, photo, zones, &out->tone);
    out->detail = proof_detail(expected, photo, zones, PROOF_FACE);
    out->detail_elsewhere = proof_detail(expected, photo, zones, PROOF_PERSON);
    image_release(&moved);
    out->background_error = proof_wall_error(photo, zones, colour, &out->background_x, &out->background_y);
    return ERR_NONE;
}

static void put_difference(struct buf *b, const char *name, const struct proof_difference *difference)
{
    json_name(b, name);
    json_object_open(b);
    json_put_number(b, "mean", difference->mean, 2);
    json_put_number(b, "max", difference->max, 1);
    json_put_int(b, "x", difference->max_x);
    json_put_int(b, "y", difference->max_y);
    json_put_int(b, "pixels", difference->count);
    json_put_int(b, "pixels_over", difference->over_count);
    json_object_close(b);
}

void verify_measure_write(struct buf *b, const struct verify_numbers *numbers)
{
    put_difference(b, "face", &numbers->face);
    put_difference(b, "person", &numbers->person);
    json_put_number(b, "mean", numbers->mean, 2);
    json_put_number(b, "mirrored_mean", numbers->mirrored_mean, 2);
    json_name(b, "turned");
    json_array_open(b);
    for (size_t i = 0; i < countof(numbers->turned); i++) {
        json_object_open(b);
        json_put_number(b, "degrees", numbers->turned[i].degrees, 1);
        json_put_number(b, "mean", numbers->turned[i].mean, 2);
        json_object_close(b);
    }
    json_array_close(b);
    json_name(b, "best_motion");
    json_object_open(b);
    json_put_number(b, "degrees", numbers->motion.degrees, 2);
    json_put_number(b, "scale", numbers->motion.scale, 4);
    json_put_number(b, "right_px", numbers->motion.right_px, 2);
    json_put_number(b, "down_px", numbers->motion.down_px, 2);
    json_put_number(b, "mean", numbers->moved_mean, 2);
    json_object_close(b);
    json_put_number(b, "gain", (numbers->tone.gain[0] + numbers->tone.gain[1] + numbers->tone.gain[2]) / 3, 3);
    json_put_number(b, "offset", (numbers->tone.offset[0] + numbers->tone.offset[1] + numbers->tone.offset[2]) / 3, 1);
    json_put_number(b, "correlation", numbers->tone.correlation, 4);
    json_put_number(b, "detail", numbers->detail, 3);
    json_put_number(b, "detail_elsewhere", numbers->detail_elsewhere, 3);
    json_put_int(b, "background_error", numbers->background_error);
}
