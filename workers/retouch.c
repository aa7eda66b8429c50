#include "workers/retouch.h"

#include "base/text.h"
#include "workers/grey.h"
#include "workers/jpeg.h"
#include "workers/measure_clothes.h"
#include "workers/png.h"
#include "workers/resample.h"
#include "workers/standardise.h"

#include <math.h>

#define REPAIR_SIDE_PX_MIN 100
#define REPAIR_EDGE_PX_MAX 3000 /* MATTE_SCALE times the largest profile */
#define MASK_WHOLE         250  /* a mask's value from here on leaves the pixel whole */
#define MASK_SAME          3    /* values of two masks so close are the same, whatever saved them */
#define TAKEN_FROM         4    /* a pixel of the band that differs less is the file's noise: ours stays */
#define NEARLY_BACKGROUND  10   /* a repaired pixel so close to the background's colour becomes exactly that */

/* ---- what both kinds share ---- */

/* The file without repair, and how it looks to whoever repaired it. */
struct before {
    struct standard made;
    struct buf file;
    struct image seen; /* decoded from file */
    struct plane zones;
    struct image repair; /* the repaired file's pixels */
};

static void before_release(struct before *before)
{
    standard_release(&before->made);
    buf_release(&before->file);
    image_release(&before->seen);
    plane_release(&before->zones);
    image_release(&before->repair);
}

static enum err make_before(struct job_tools *tools, const struct standard_order *order, struct before *before,
                            char why[JOB_WHY_BYTES])
{
    struct image_source source;
    int quality;
    const struct profile *profile = order->profile;
    buf_init(&before->file, PROTOCOL_PART_BYTES_MAX);
    TRY(standard_make(tools, order, &before->made, why));
    if (before->made.photo.rgb == NULL) {
        snprintf(why, JOB_WHY_BYTES, "The original shows no face: there is nothing to repair.");
        return ERR_NOT_FOUND;
    }
    TRY(jpeg_encode_to_size(&before->made.photo, profile->size_kb, profile->dpi, &before->file, &quality));
    TRY(image_decode(before->file.bytes, before->file.len, REPAIR_SIDE_PX_MIN, REPAIR_EDGE_PX_MAX, &source,
                     &before->seen, why));
    return proof_zones(&before->made.matte.alpha, &before->made.photo_marks, (int32_t)profile->width_px,
                       (int32_t)profile->height_px, RETOUCH_BAND_SHARE * (double)profile->width_px, &before->zones);
}

static enum err read_repair(const unsigned char *bytes, size_t len, struct before *before, char why[JOB_WHY_BYTES])
{
    struct image_source source;
    char reason[IMAGE_WHY_BYTES] = "";
    enum err e = image_decode(bytes, len, REPAIR_SIDE_PX_MIN, REPAIR_EDGE_PX_MAX, &source, &before->repair, reason);
    if (e != ERR_NONE)
        snprintf(why, JOB_WHY_BYTES, "The repaired file: %.120s", reason);
    return e;
}

static enum err changed(char why[JOB_WHY_BYTES], const char *what, int32_t x, int32_t y)
{
    snprintf(why, JOB_WHY_BYTES, "%s, at %d, %d of the photo.", what, (int)x, (int)y);
    return ERR_FEATURES_CHANGED;
}

/* Share and box of the pixels in which two photos differ. */
static void count_changes(const struct image *a, const struct image *b, struct ledger_retouch *entry)
{
    struct plane all = {a->width_px, a->height_px, malloc((size_t)a->width_px * (size_t)a->height_px)};
    struct proof_difference difference = {0};
    if (all.values != NULL) {
        memset(all.values, PROOF_FACE, (size_t)a->width_px * (size_t)a->height_px);
        proof_differ(a, b, &all, PROOF_FACE, TAKEN_FROM, &difference);
        entry->changed_share = (double)difference.over_count / (double)difference.count;
        entry->changed_box = difference.over;
    }
    plane_release(&all);
}

/* ---- a mask ---- */

/* Where the repaired mask says what ours said at its size, ours stays: hair keeps the detail that a smaller mask cannot
 * hold, and a soft spot that nobody touched is no change. */
static enum err keep_ours(const struct plane *ours, struct plane *mask)
{
    struct plane sized = {0}, again = {0}, large = {0};
    enum err e = resample_plane(ours, mask->width_px, mask->height_px, &sized);
    if (e == ERR_NONE)
        e = resample_plane(&sized, ours->width_px, ours->height_px, &again);
    if (e == ERR_NONE)
        e = resample_plane(mask, ours->width_px, ours->height_px, &large);
    for (size_t i = 0; e == ERR_NONE && i < (size_t)ours->width_px * (size_t)ours->height_px; i++)
        if (abs(large.values[i] - again.values[i]) <= MASK_SAME)
            large.values[i] = ours->values[i];
    plane_release(&sized);
    plane_release(&again);
    if (e == ERR_NONE) {
        plane_release(mask);
        *mask = large;
    }
    return e;
}

/* The face must stay whole. Elsewhere a mask may open what it likes: it can take the sitter's pixels away, never change
 * one, and people look at every repair. */
static enum err check_mask(const struct plane *ours, const struct plane *mask, const struct plane *zones,
                           char why[JOB_WHY_BYTES])
{
    for (int32_t row = 0; row < mask->height_px; row++)
        for (int32_t column = 0; column < mask->width_px; column++) {
            size_t at = (size_t)row * (size_t)mask->width_px + (size_t)column;
            int32_t x = (int32_t)((int64_t)column * zones->width_px / mask->width_px);
            int32_t y = (int32_t)((int64_t)row * zones->height_px / mask->height_px);
            bool opened = mask->values[at] < MASK_WHOLE && mask->values[at] < ours->values[at];
            if (opened && zones->values[(size_t)y * (size_t)zones->width_px + (size_t)x] == PROOF_FACE)
                return changed(why, "The mask opens the face", x, y);
        }
    return ERR_NONE;
}

static bool same_size(const struct plane *plane, int32_t width_px, int32_t height_px)
{
    return plane->width_px == width_px && plane->height_px == height_px;
}

static enum err with_mask(struct job_tools *tools, const struct standard_order *order, const struct before *before,
                          struct retouch_made *out, char why[JOB_WHY_BYTES])
{
    const struct plane *ours = &before->made.matte.alpha;
    struct proof_difference face;
    TRY(grey_of(&before->repair, &out->alpha));
    if (!same_size(&out->alpha, ours->width_px, ours->height_px) &&
        !same_size(&out->alpha, before->seen.width_px, before->seen.height_px)) {
        snprintf(why, JOB_WHY_BYTES, "The repaired mask must have %d × %d pixels.", (int)before->seen.width_px,
                 (int)before->seen.height_px);
        return ERR_BAD_FIELD;
    }
    TRY(keep_ours(ours, &out->alpha));
    TRY(check_mask(ours, &out->alpha, &before->zones, why));
    struct standard_order with = *order;
    with.alpha = &out->alpha;
    TRY(standard_make(tools, &with, &out->standard, why));
    proof_differ(&before->made.photo, &out->standard.photo, &before->zones, PROOF_FACE, RETOUCH_DIFFERENCE_MAX, &face);
    out->entry.face_difference_max = face.max;
    if (face.max > RETOUCH_DIFFERENCE_MAX)
        return changed(why, "The mask changes the face", face.max_x, face.max_y);
    count_changes(&before->made.photo, &out->standard.photo, &out->entry);
    return ERR_NONE;
}

/* ---- a photo ---- */

static enum err check_photo(const struct before *before, struct ledger_retouch *entry, char why[JOB_WHY_BYTES])
{
    static const struct {
        enum proof_zone zone;
        const char *what;
    } rules[] = {{PROOF_FACE, "The face was changed"},
                 {PROOF_PERSON, "Hair, neck or clothes were changed away from the background's edge"},
                 {PROOF_WALL, "The background was painted away from the edge"}};
    for (size_t i = 0; i < countof(rules); i++) {
        struct proof_difference difference;
        proof_differ_in(&before->seen, &before->repair, &before->zones, rules[i].zone, RETOUCH_DIFFERENCE_MAX,
                        &difference);
        if (rules[i].zone == PROOF_FACE)
            entry->face_difference_max = difference.max;
        if (difference.max > RETOUCH_DIFFERENCE_MAX)
            return changed(why, rules[i].what, difference.max_x, difference.max_y);
    }
    return ERR_NONE;
}

static int most_apart(const unsigned char a[3], const unsigned char b[3])
{
    int most = 0;
    for (size_t c = 0; c < 3; c++)
        most = abs(a[c] - b[c]) > most ? abs(a[c] - b[c]) : most;
    return most;
}

/* The band from the repaired file where it differs, all else from our own pixels: no second JPEG generation for the
 * face. */
static void take_band(const struct before *before, struct standard *made)
{
    const unsigned char *colour = made->order.profile->background;
    for (size_t i = 0; i < (size_t)made->photo.width_px * (size_t)made->photo.height_px; i++) {
        const unsigned char *repaired = before->repair.rgb + 3 * i;
        if (before->zones.values[i] != PROOF_BAND || most_apart(before->seen.rgb + 3 * i, repaired) <= TAKEN_FROM)
            continue;
        bool background = most_apart(repaired, colour) <= NEARLY_BACKGROUND;
        memcpy(made->photo.rgb + 3 * i, background ? colour : repaired, 3);
    }
}

static struct image copied(const struct image *from)
{
    size_t size = (size_t)from->width_px * (size_t)from->height_px * 3;
    struct image to = {from->width_px, from->height_px, malloc(size)};
    if (to.rgb != NULL)
        memcpy(to.rgb, from->rgb, size);
    return to;
}

static enum err with_photo(struct before *before, struct retouch_made *out, char why[JOB_WHY_BYTES])
{
    if (before->repair.width_px != before->seen.width_px || before->repair.height_px != before->seen.height_px) {
        snprintf(why, JOB_WHY_BYTES, "The repaired photo must have %d × %d pixels.", (int)before->seen.width_px,
                 (int)before->seen.height_px);
        return ERR_BAD_FIELD;
    }
    TRY(check_photo(before, &out->entry, why));
    struct image ours = copied(&before->made.photo);
    if (ours.rgb == NULL)
        return ERR_BUSY;
    out->standard = before->made; /* moves */
    before->made = (struct standard){0};
    take_band(before, &out->standard);
    count_changes(&ours, &out->standard.photo, &out->entry);
    image_release(&ours);
    comply_backdrop(&out->standard.report, measure_backdrop(&out->standard.photo, &out->standard.photo_head,
                                                            out->standard.order.profile->background));
    return ERR_NONE;
}

enum err retouch_make(struct job_tools *tools, const struct standard_order *order, const char *kind,
                      const unsigned char *repair, size_t repair_len, struct retouch_made *out, char why[JOB_WHY_BYTES])
{
    struct before before = {0};
    *out = (struct retouch_made){.entry = {.kind = kind}};
    enum err e = make_before(tools, order, &before, why);
    if (e == ERR_NONE)
        e = read_repair(repair, repair_len, &before, why);
    if (e == ERR_NONE) {
        ledger_sha256(before.file.bytes, before.file.len, out->entry.sha256_before);
        ledger_sha256(repair, repair_len, out->entry.sha256_repair);
        e = text_is(kind, "mask") ? with_mask(tools, order, &before, out, why) : with_photo(&before, out, why);
    }
    before_release(&before);
    return e;
}

void retouch_release(struct retouch_made *made)
{
    standard_release(&made->standard);
    plane_release(&made->alpha);
}

/* ---- the job ---- */

struct work {
    struct job_tools *tools;
    struct profile profile;
    const char *kind;
    const unsigned char *repair;
    size_t repair_len;
    struct retouch_made made;
};

static enum err read_request(struct work *work, const struct json *request, const struct frame *frame,
                             struct standard_order *order, struct job_reply *reply)
{
    *order = (struct standard_order){.profile = &work->profile, .circumstances = request};
    work->kind = json_text_at(request, "repair", "");
    const char *wrong = NULL;
    if (!job_part(frame, 1, &order->bytes, &order->len) || !job_part(frame, 2, &work->repair, &work->repair_len))
        wrong = "The original and the repaired file are needed.";
    else if (!text_is(work->kind, "mask") && !text_is(work->kind, "photo"))
        wrong = "A repair is a mask or a photo.";
    else if (profile_read(json_at(request, "profile"), &work->profile) != ERR_NONE)
        wrong = "The profile is incomplete or makes no sense.";
    if (wrong != NULL)
        snprintf(reply->why, sizeof reply->why, "%s", wrong);
    return wrong != NULL ? ERR_BAD_FIELD : ERR_NONE;
}

static void write_result(struct buf *b, const struct work *work, const struct ledger_encoded *encoded)
{
    const struct standard *made = &work->made.standard;
    json_object_open(b);
    json_put_text(b, "kind", "retouch");
    json_name(b, "report");
    json_object_open(b);
    comply_write(b, &made->report);
    geometry_write(b, &made->placement);
    ledger_write(b, made, encoded, &work->made.entry, work->tools->versions);
    json_object_close(b);
    json_put_raw(b, "parts", "[\"standardised\",\"proxy\"]");
    json_object_close(b);
}

static enum err answer(struct work *work, struct job_reply *reply)
{
    struct standard *made = &work->made.standard;
    struct buf *photo = &reply->parts[0];
    struct ledger_encoded encoded = {0};
    TRY(jpeg_encode_to_size(&made->photo, work->profile.size_kb, work->profile.dpi, photo, &encoded.quality));
    comply_file(&made->report, photo->bytes, photo->len, encoded.quality);
    encoded.bytes = (const unsigned char *)photo->bytes;
    encoded.len = photo->len;
    ledger_sha256(photo->bytes, photo->len, work->made.entry.sha256_after);
    TRY(standardise_proxy(made, &reply->parts[1]));
    reply->part_count = 2;
    write_result(&reply->json, work, &encoded);
    return ERR_NONE;
}

enum err job_retouch(struct job_tools *tools, const struct json *request, const struct frame *frame,
                     struct job_reply *reply)
{
    struct work work = {.tools = tools};
    struct standard_order order;
    TRY(read_request(&work, request, frame, &order, reply));
    enum err e = retouch_make(tools, &order, work.kind, work.repair, work.repair_len, &work.made, reply->why);
    if (e == ERR_NONE)
        e = answer(&work, reply);
    retouch_release(&work.made);
    return e;
}
