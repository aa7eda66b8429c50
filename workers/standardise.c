#include "workers/standardise.h"

#include "base/crypt.h"
#include "base/text.h"
#include "workers/capture.h"
#include "workers/comply.h"
#include "workers/crown.h"
#include "workers/extend.h"
#include "workers/faces.h"
#include "workers/jpeg.h"
#include "workers/measure.h"
#include "workers/resample.h"

/* One photo on its way. Owned here: decoded, photo. */
struct work {
    struct job_tools *tools;
    struct profile profile;
    const struct json *request;
    const unsigned char *bytes; /* the request's */
    size_t len;
    struct image_source source;
    struct image decoded; /* upright, at most STANDARDISE_WORK_EDGE_PX; doubled when it was tiny */
    double original_per_px;
    struct face_boxes faces;
    struct face_landmarks marks;
    struct head head;
    struct placement placement;
    struct image photo; /* the finished pixels */
    struct extended extended;
    struct face_landmarks photo_marks;
    struct head photo_head;
    int quality;
    struct comply report;
};

/* ---- steps ---- */

static enum err decode_step(struct work *work, struct job_reply *reply)
{
    TRY(image_decode(work->bytes, work->len, IMAGE_SIDE_PX_MIN, STANDARDISE_WORK_EDGE_PX, &work->source, &work->decoded,
                     reply->why));
    work->original_per_px = (double)work->source.width_px / work->decoded.width_px;
    return ERR_NONE;
}

static enum err proxy_step(const struct work *work, struct buf *out)
{
    struct image small = {0};
    TRY(resample_to_long_edge(&work->decoded, STANDARDISE_PROXY_EDGE_PX, &small));
    enum err e =
        jpeg_encode(small.rgb != NULL ? &small : &work->decoded, STANDARDISE_PROXY_QUALITY, work->profile.dpi, out);
    image_release(&small);
    return e;
}

static enum err face_step(struct work *work)
{
    int32_t scale;
    TRY(faces_find(work->tools->face, &work->decoded, &FACES_OPTIONS_DEFAULT, &work->faces, &scale));
    work->original_per_px /= scale;
    comply_people(&work->report, faces_people(&work->faces));
    if (work->faces.count == 0)
        return ERR_NONE;
    struct face_image view = faces_view(&work->decoded);
    TRY(faces_err(face_landmarks_find(work->tools->face, &view, &work->faces.items[0], &work->marks)));
    geometry_head(&work->marks, &work->head);
    crown_find(&work->decoded, &work->head);
    return ERR_NONE;
}

static enum err crop_step(struct work *work)
{
    geometry_place(&work->head, work->decoded.width_px, work->decoded.height_px, &work->profile, &work->placement);
    TRY(resample(&work->decoded, &work->placement.frame, (int32_t)work->profile.width_px,
                 (int32_t)work->profile.height_px, RESAMPLE_LANCZOS, &work->photo));
    work->extended = extend_missing(&work->photo, &work->placement, work->profile.background);
    return ERR_NONE;
}

/* The seam for matting: takes work->photo (with its head and profile colour) and gives it back on the profile's
 * background. This version measures the wall and leaves it; returns whether it was replaced. */
static bool background_step(struct work *work)
{
    (void)work;
    return false;
}

/* What will be checked is found again on the finished photo, not computed from the source. */
static enum err look_again_step(struct work *work)
{
    struct face_image view = faces_view(&work->photo);
    struct face_box box = geometry_map_box(&work->placement, &work->faces.items[0]);
    TRY(faces_err(face_landmarks_find(work->tools->face, &view, &box, &work->photo_marks)));
    geometry_head(&work->photo_marks, &work->photo_head);
    work->photo_head.crown_found = work->head.crown_found;
    work->photo_head.crown_y = (work->head.crown_y - work->placement.frame.y_px) * work->placement.scale;
    return ERR_NONE;
}

static enum err check_step(struct work *work)
{
    struct face_light light;
    struct wall wall;
    TRY(measure_face(&work->decoded, &work->marks, &work->head, &light));
    TRY(measure_wall(&work->photo, &work->photo_head, &work->placement, &wall));
    comply_source(&work->report, &work->head, work->original_per_px);
    comply_pose(&work->report, &work->head, &work->photo_head, &work->photo_marks);
    comply_light(&work->report, &light, &work->photo_head);
    comply_wall(&work->report, &wall, &work->photo_head);
    comply_place(&work->report, &work->photo_head, &work->placement);
    if (work->head.crown_found)
        comply_set(&work->report, CHECK_hair_complete, work->head.crown_y * work->placement.scale, NULL);
    return ERR_NONE;
}

/* ---- the report ---- */

static void put_sha256(struct buf *b, const void *bytes, size_t len)
{
    unsigned char digest[32];
    char hex[65];
    crypt_sha256(bytes, len, digest);
    text_hex(digest, sizeof digest, hex);
    json_put_text(b, "sha256", hex);
}

static void put_source(struct buf *b, const struct work *work)
{
    json_name(b, "source");
    json_object_open(b);
    json_put_text(b, "format", work->source.format);
    json_put_int(b, "width_px", work->source.width_px);
    json_put_int(b, "height_px", work->source.height_px);
    json_put_int(b, "orientation", work->source.orientation);
    json_put_int(b, "size_bytes", (int64_t)work->len);
    put_sha256(b, work->bytes, work->len);
    json_object_close(b);
}

static void operation_open(struct buf *b, const char *name)
{
    json_object_open(b);
    json_put_text(b, "operation", name);
}

static void put_crop(struct buf *b, const struct work *work)
{
    const struct placement *placed = &work->placement;
    double scale = work->original_per_px; /* in pixels of the upright original */
    operation_open(b, "crop_scale");
    json_put_number(b, "x_px", placed->frame.x_px * scale, 1);
    json_put_number(b, "y_px", placed->frame.y_px * scale, 1);
    json_put_number(b, "width_px", placed->frame.width_px * scale, 1);
    json_put_number(b, "height_px", placed->frame.height_px * scale, 1);
    json_put_number(b, "scale", placed->scale / scale, 4);
    json_put_text(b, "filter", "lanczos3");
    json_put_text(b, "crown_from", work->head.crown_found ? "pixels" : "landmarks");
    json_object_close(b);
    if (work->extended.edges || work->extended.flat) {
        operation_open(b, "extend");
        json_put_bool(b, "edges_continued", work->extended.edges);
        json_put_bool(b, "flat_colour", work->extended.flat);
        json_put_number(b, "left_px", placed->missing_left_px, 1);
        json_put_number(b, "top_px", placed->missing_top_px, 1);
        json_put_number(b, "right_px", placed->missing_right_px, 1);
        json_put_number(b, "bottom_px", placed->missing_bottom_px, 1);
        json_object_close(b);
    }
}

static void put_encode(struct buf *b, const struct work *work, const struct buf *photo)
{
    operation_open(b, "encode");
    json_put_text(b, "format", "jpeg");
    json_put_int(b, "width_px", work->profile.width_px);
    json_put_int(b, "height_px", work->profile.height_px);
    json_put_int(b, "dpi", work->profile.dpi);
    json_put_int(b, "quality", work->quality);
    json_put_int(b, "size_bytes", (int64_t)photo->len);
    put_sha256(b, photo->bytes, photo->len);
    json_object_close(b);
}

static void put_ledger(struct buf *b, const struct work *work, const struct buf *photo, bool replaced)
{
    json_name(b, "ledger");
    json_array_open(b);
    operation_open(b, "decode");
    json_put_int(b, "width_px", work->decoded.width_px);
    json_put_int(b, "height_px", work->decoded.height_px);
    json_put_bool(b, "profile_converted", work->source.has_profile);
    json_object_close(b);
    if (work->source.orientation > 1) {
        operation_open(b, "orient");
        json_put_int(b, "exif", work->source.orientation);
        json_object_close(b);
    }
    if (photo != NULL) {
        put_crop(b, work);
        operation_open(b, "background");
        json_put_bool(b, "replaced", replaced);
        json_object_close(b);
        put_encode(b, work, photo);
    }
    json_array_close(b);
}

static void put_versions(struct buf *b, const struct work *work)
{
    json_name(b, "versions");
    json_object_open(b);
    json_put_text(b, "pipeline", "standardise-1");
    json_put_text(b, "image", image_engine());
    json_put_text(b, "face", face_engine());
    json_put_text(b, "network_sha256", work->tools->versions->network_sha256);
    json_object_close(b);
}

/* photo NULL: no face, nothing was made. */
static void write_result(struct buf *b, const struct work *work, const struct buf *photo, bool replaced)
{
    json_object_open(b);
    json_put_text(b, "kind", "standardise");
    json_name(b, "report");
    json_object_open(b);
    comply_write(b, &work->report);
    put_source(b, work);
    put_ledger(b, work, photo, replaced);
    put_versions(b, work);
    json_object_close(b);
    json_name(b, "parts");
    json_array_open(b);
    if (photo != NULL)
        json_text(b, "standardised");
    json_text(b, "proxy");
    json_array_close(b);
    json_object_close(b);
}

/* ---- the job ---- */

static enum err run(struct work *work, struct job_reply *reply)
{
    TRY(decode_step(work, reply));
    capture_check(&work->report, work->request, work->source.taken_at);
    TRY(face_step(work));
    if (work->faces.count == 0) {
        TRY(proxy_step(work, &reply->parts[0]));
        reply->part_count = 1;
        write_result(&reply->json, work, NULL, false);
        return ERR_NONE;
    }
    TRY(crop_step(work));
    bool replaced = background_step(work);
    TRY(look_again_step(work));
    TRY(check_step(work));
    struct buf *photo = &reply->parts[0];
    TRY(jpeg_encode_to_size(&work->photo, work->profile.size_kb, work->profile.dpi, photo, &work->quality));
    comply_file(&work->report, photo->bytes, photo->len, work->quality);
    TRY(proxy_step(work, &reply->parts[1]));
    reply->part_count = 2;
    write_result(&reply->json, work, photo, replaced);
    return ERR_NONE;
}

enum err job_standardise(struct job_tools *tools, const struct json *request, const struct frame *frame,
                         struct job_reply *reply)
{
    struct work work = {.tools = tools, .request = request};
    if (!job_part(frame, 1, &work.bytes, &work.len)) {
        snprintf(reply->why, sizeof reply->why, "A photo is needed.");
        return ERR_BAD_FIELD;
    }
    if (profile_read(json_at(request, "profile"), &work.profile) != ERR_NONE) {
        snprintf(reply->why, sizeof reply->why, "The profile is incomplete or makes no sense.");
        return ERR_BAD_FIELD;
    }
    comply_init(&work.report, &work.profile);
    enum err e = run(&work, reply);
    image_release(&work.photo);
    image_release(&work.decoded);
    return e;
}
