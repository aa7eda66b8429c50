#include "workers/ledger.h"

#include "base/crypt.h"
#include "base/text.h"

void ledger_sha256(const void *bytes, size_t len, char hex[65])
{
    unsigned char digest[32];
    crypt_sha256(bytes, len, digest);
    text_hex(digest, sizeof digest, hex);
}

static void put_sha256(struct buf *b, const void *bytes, size_t len)
{
    char hex[65];
    ledger_sha256(bytes, len, hex);
    json_put_text(b, "sha256", hex);
}

static void put_source(struct buf *b, const struct standard *s)
{
    json_name(b, "source");
    json_object_open(b);
    json_put_text(b, "format", s->source.format);
    json_put_int(b, "width_px", s->source.width_px);
    json_put_int(b, "height_px", s->source.height_px);
    json_put_int(b, "orientation", s->source.orientation);
    json_put_text(b, "taken_at", s->source.taken_at[0] != '\0' ? s->source.taken_at : NULL);
    json_put_int(b, "size_bytes", (int64_t)s->order.len);
    put_sha256(b, s->order.bytes, s->order.len);
    json_object_close(b);
}

static void operation_open(struct buf *b, const char *name)
{
    json_object_open(b);
    json_put_text(b, "operation", name);
}

static void put_decode(struct buf *b, const struct standard *s)
{
    operation_open(b, "decode");
    json_put_int(b, "width_px", s->decoded.width_px);
    json_put_int(b, "height_px", s->decoded.height_px);
    json_put_bool(b, "profile_converted", s->source.has_profile);
    json_object_close(b);
    if (s->source.orientation > 1) {
        operation_open(b, "orient");
        json_put_int(b, "exif", s->source.orientation);
        json_object_close(b);
    }
}

static void put_crop(struct buf *b, const struct standard *s)
{
    const struct placement *placed = &s->placement;
    double scale = s->original_per_px; /* in pixels of the upright original */
    operation_open(b, "crop_scale");
    json_put_number(b, "x_px", placed->frame.x_px * scale, 3);
    json_put_number(b, "y_px", placed->frame.y_px * scale, 3);
    json_put_number(b, "width_px", placed->frame.width_px * scale, 3);
    json_put_number(b, "height_px", placed->frame.height_px * scale, 3);
    json_put_number(b, "scale", placed->scale / scale, 6);
    json_put_text(b, "filter", "lanczos3");
    json_put_text(b, "crown_from", s->head.crown_found ? "pixels" : "landmarks");
    json_object_close(b);
}

static void put_background(struct buf *b, const struct standard *s)
{
    const struct placement *placed = &s->placement;
    operation_open(b, "background");
    json_put_bool(b, "replaced", true);
    json_name(b, "colour");
    json_array_open(b);
    for (size_t i = 0; i < 3; i++)
        json_int(b, s->order.profile->background[i]);
    json_array_close(b);
    json_put_text(b, "by", s->order.alpha != NULL ? "person" : s->matte.doubts.by_wall ? "wall_colour" : "network");
    json_put_number(b, "missing_left_px", placed->missing_left_px, 1);
    json_put_number(b, "missing_top_px", placed->missing_top_px, 1);
    json_put_number(b, "missing_right_px", placed->missing_right_px, 1);
    json_put_number(b, "missing_bottom_px", placed->missing_bottom_px, 1);
    json_object_close(b);
}

static void put_retouch(struct buf *b, const struct ledger_retouch *retouch)
{
    operation_open(b, "retouch");
    json_put_text(b, "kind", retouch->kind);
    json_put_number(b, "changed_share", retouch->changed_share, 4);
    json_name(b, "changed_box");
    if (retouch->changed_box.width_px > 0) {
        json_object_open(b);
        json_put_int(b, "x", retouch->changed_box.x_px);
        json_put_int(b, "y", retouch->changed_box.y_px);
        json_put_int(b, "w", retouch->changed_box.width_px);
        json_put_int(b, "h", retouch->changed_box.height_px);
        json_object_close(b);
    } else {
        json_null(b);
    }
    json_put_number(b, "face_difference_max", retouch->face_difference_max, 1);
    json_put_text(b, "sha256_repair", retouch->sha256_repair);
    json_put_text(b, "sha256_before", retouch->sha256_before);
    json_put_text(b, "sha256_after", retouch->sha256_after);
    json_object_close(b);
}

static void put_encode(struct buf *b, const struct standard *s, const struct ledger_encoded *encoded)
{
    operation_open(b, "encode");
    json_put_text(b, "format", "jpeg");
    json_put_int(b, "width_px", s->order.profile->width_px);
    json_put_int(b, "height_px", s->order.profile->height_px);
    json_put_int(b, "dpi", s->order.profile->dpi);
    json_put_int(b, "quality", encoded->quality);
    json_put_int(b, "size_bytes", (int64_t)encoded->len);
    put_sha256(b, encoded->bytes, encoded->len);
    json_object_close(b);
}

static void put_versions(struct buf *b, const struct job_versions *versions)
{
    json_name(b, "versions");
    json_object_open(b);
    json_put_text(b, "pipeline", "standardise-2");
    json_put_text(b, "image", image_engine());
    json_put_text(b, "face", face_engine());
    json_put_text(b, "network_sha256", versions->network_sha256);
    json_put_text(b, "mask_sha256", versions->mask_sha256[0] != '\0' ? versions->mask_sha256 : NULL);
    json_object_close(b);
}

void ledger_write(struct buf *b, const struct standard *standard, const struct ledger_encoded *encoded,
                  const struct ledger_retouch *retouch, const struct job_versions *versions)
{
    put_source(b, standard);
    json_name(b, "ledger");
    json_array_open(b);
    put_decode(b, standard);
    if (encoded != NULL) {
        put_crop(b, standard);
        put_background(b, standard);
        if (retouch != NULL)
            put_retouch(b, retouch);
        put_encode(b, standard, encoded);
    }
    json_array_close(b);
    put_versions(b, versions);
}
