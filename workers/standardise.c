#include "workers/standardise.h"

#include "base/text.h"
#include "workers/annotate.h"
#include "workers/grey.h"
#include "workers/jpeg.h"
#include "workers/ledger.h"
#include "workers/png.h"
#include "workers/resample.h"

#define ALPHA_SIDE_PX_MIN 100
#define ALPHA_EDGE_PX_MAX 3000 /* MATTE_SCALE times the largest profile */

enum err standardise_proxy(const struct standard *standard, struct buf *out)
{
    struct image small = {0};
    TRY(resample_to_long_edge(&standard->decoded, STANDARDISE_PROXY_EDGE_PX, &small));
    enum err e = jpeg_encode(small.rgb != NULL ? &small : &standard->decoded, STANDARDISE_PROXY_QUALITY,
                             standard->order.profile->dpi, out);
    image_release(&small);
    return e;
}

/* ---- what is asked for ---- */

struct work {
    struct job_tools *tools;
    struct profile profile;
    struct plane alpha; /* owned; empty when no person drew one */
    struct standard made;
    bool wants_proxy, wants_mask, wants_marks, chinese;
};

static enum err read_alpha(const unsigned char *bytes, size_t len, struct plane *out, char why[JOB_WHY_BYTES])
{
    struct image_source source;
    struct image picture;
    TRY(image_decode(bytes, len, ALPHA_SIDE_PX_MIN, ALPHA_EDGE_PX_MAX, &source, &picture, why));
    enum err e = grey_of(&picture, out);
    image_release(&picture);
    return e;
}

static enum err read_request(struct work *work, const struct json *request, const struct frame *frame,
                             struct standard_order *order, struct job_reply *reply)
{
    const unsigned char *alpha;
    size_t alpha_len;
    *order = (struct standard_order){.profile = &work->profile, .circumstances = request};
    if (!job_part(frame, 1, &order->bytes, &order->len)) {
        snprintf(reply->why, sizeof reply->why, "A photo is needed.");
        return ERR_BAD_FIELD;
    }
    if (profile_read(json_at(request, "profile"), &work->profile) != ERR_NONE) {
        snprintf(reply->why, sizeof reply->why, "The profile is incomplete or makes no sense.");
        return ERR_BAD_FIELD;
    }
    if (job_part(frame, 2, &alpha, &alpha_len)) {
        TRY(read_alpha(alpha, alpha_len, &work->alpha, reply->why));
        order->alpha = &work->alpha;
    }
    work->wants_proxy = json_bool_at(request, "proxy", true);
    work->wants_mask = json_bool_at(request, "mask", false);
    work->wants_marks = json_bool_at(request, "annotate", false);
    work->chinese = !text_is(json_text_at(request, "language", "zh"), "en");
    return ERR_NONE;
}

/* ---- the result ---- */

struct part_names {
    const char *names[PROTOCOL_PARTS_MAX];
    size_t count;
};

static struct buf *next_part(struct job_reply *reply, struct part_names *parts, const char *name)
{
    parts->names[parts->count++] = name;
    return &reply->parts[reply->part_count++];
}

static void write_result(struct buf *b, const struct work *work, const struct ledger_encoded *encoded,
                         const struct part_names *parts)
{
    json_object_open(b);
    json_put_text(b, "kind", "standardise");
    json_name(b, "report");
    json_object_open(b);
    comply_write(b, &work->made.report);
    if (encoded != NULL)
        geometry_write(b, &work->made.placement);
    ledger_write(b, &work->made, encoded, NULL, work->tools->versions);
    json_object_close(b);
    json_name(b, "parts");
    json_array_open(b);
    for (size_t i = 0; i < parts->count; i++)
        json_text(b, parts->names[i]);
    json_array_close(b);
    json_object_close(b);
}

static enum err answer(struct work *work, struct job_reply *reply)
{
    struct standard *made = &work->made;
    struct part_names parts = {.count = 0};
    struct ledger_encoded encoded = {0};
    bool there = made->photo.rgb != NULL;
    if (there) {
        struct buf *photo = next_part(reply, &parts, "standardised");
        TRY(jpeg_encode_to_size(&made->photo, work->profile.size_kb, work->profile.dpi, photo, &encoded.quality));
        comply_file(&made->report, photo->bytes, photo->len, encoded.quality);
        encoded.bytes = (const unsigned char *)photo->bytes;
        encoded.len = photo->len;
    }
    if (work->wants_proxy)
        TRY(standardise_proxy(made, next_part(reply, &parts, "proxy")));
    if (there && work->wants_mask)
        TRY(png_encode_plane(&made->matte.alpha, (int32_t)work->profile.width_px, (int32_t)work->profile.height_px,
                             next_part(reply, &parts, "mask")));
    if (there && work->wants_marks && work->tools->fonts != NULL)
        TRY(annotate_png(work->tools->fonts, &made->photo, &made->photo_head, &made->report, work->chinese,
                         next_part(reply, &parts, "annotated")));
    write_result(&reply->json, work, there ? &encoded : NULL, &parts);
    return ERR_NONE;
}

enum err job_standardise(struct job_tools *tools, const struct json *request, const struct frame *frame,
                         struct job_reply *reply)
{
    struct work work = {.tools = tools};
    struct standard_order order;
    enum err e = read_request(&work, request, frame, &order, reply);
    if (e == ERR_NONE)
        e = standard_make(tools, &order, &work.made, reply->why);
    if (e == ERR_NONE)
        e = answer(&work, reply);
    standard_release(&work.made);
    plane_release(&work.alpha);
    return e;
}
