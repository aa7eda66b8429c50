#include "workers/verify_ledger.h"

#include "base/text.h"
#include "workers/jpeg.h"

#include <math.h>

/* How far the two sides may be scaled apart: rounding of the ledger's numbers, not a stretch anybody could see. */
#define STRETCH_MAX 0.004
#define SHA256_HEX  64

enum operation { DECODE, ORIENT, CROP_SCALE, BACKGROUND, RETOUCH, ENCODE, OPERATIONS };

static const struct {
    const char *name;
    bool needed;
    const char *members; /* all there may be, with a bar around each */
} operations[OPERATIONS] = {
    {"decode", true, "|width_px|height_px|profile_converted|"},
    {"orient", false, "|exif|"},
    {"crop_scale", true, "|x_px|y_px|width_px|height_px|scale|filter|crown_from|"},
    {"background", true,
     "|replaced|colour|by|missing_left_px|missing_top_px|missing_right_px|missing_bottom_px|cut_left_px|cut_top_px|"
     "cut_right_px|cut_bottom_px|"},
    {"retouch", false, "|kind|changed_share|changed_box|face_difference_max|sha256_repair|sha256_before|sha256_after|"},
    {"encode", true, "|format|width_px|height_px|dpi|quality|size_bytes|sha256|"},
};

static enum err fault_is(struct verify_fault *fault, const char *code, const char *format, ...) PRINTF_LIKE(3, 4);
static enum err fault_is(struct verify_fault *fault, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->code = code;
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return ERR_BAD_FIELD;
}

static enum err bad(struct verify_fault *fault, enum operation operation, const char *member)
{
    return fault_is(fault, "bad_parameter", "%s: %s makes no sense.", operations[operation].name, member);
}

/* ---- which operations, in which order ---- */

static enum operation operation_named(const char *name)
{
    for (size_t i = 0; i < OPERATIONS; i++)
        if (text_is(name, operations[i].name))
            return (enum operation)i;
    return OPERATIONS;
}

static bool is_listed(const char *bars, const char *name)
{
    char wanted[40];
    int n = snprintf(wanted, sizeof wanted, "|%s|", name);
    return n > 2 && (size_t)n < sizeof wanted && strstr(bars, wanted) != NULL;
}

static enum err read_order(const struct json *list, const struct json *found[OPERATIONS], struct verify_fault *fault)
{
    int last = -1;
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        const char *name = item->kind == JSON_OBJECT ? json_text_at(item, "operation", "?") : "?";
        enum operation operation = operation_named(name);
        if (operation == OPERATIONS)
            return fault_is(fault, "unknown_operation", "The operation \"%.60s\" is not allowed.", name);
        if ((int)operation <= last)
            return fault_is(fault, "wrong_order", "The operation \"%s\" comes twice or too late.", name);
        last = (int)operation;
        found[operation] = item;
        for (const struct json *member = item->first; member != NULL; member = member->next)
            if (!text_is(member->name, "operation") && !is_listed(operations[operation].members, member->name))
                return fault_is(fault, "bad_parameter", "%s: the member \"%.60s\" is not known.", name, member->name);
    }
    for (size_t i = 0; i < OPERATIONS; i++)
        if (operations[i].needed && found[i] == NULL)
            return fault_is(fault, "wrong_order", "The operation \"%s\" is missing.", operations[i].name);
    return ERR_NONE;
}

/* ---- their numbers ---- */

static bool read_int(const struct json *object, const char *name, int64_t min, int64_t max, int32_t *out)
{
    int64_t value = json_int_at(object, name, INT64_MIN);
    *out = (int32_t)value;
    return value >= min && value <= max;
}

static bool read_number(const struct json *object, const char *name, double min, double max, double *out)
{
    *out = json_number_at(object, name, NAN);
    return *out >= min && *out <= max;
}

static bool read_sha256(const struct json *object, const char *name, const char **out)
{
    *out = json_text_at(object, name, "");
    return strlen(*out) == SHA256_HEX && strspn(*out, "0123456789abcdef") == SHA256_HEX;
}

static enum err read_crop(const struct json *object, struct verify_ledger *out, struct verify_fault *fault)
{
    double scale;
    struct resample_area *frame = &out->frame;
    if (!read_number(object, "x_px", -2.0 * IMAGE_SIDE_PX_MAX, IMAGE_SIDE_PX_MAX, &frame->x_px) ||
        !read_number(object, "y_px", -2.0 * IMAGE_SIDE_PX_MAX, IMAGE_SIDE_PX_MAX, &frame->y_px))
        return bad(fault, CROP_SCALE, "the corner");
    if (!read_number(object, "width_px", 10, 3.0 * IMAGE_SIDE_PX_MAX, &frame->width_px) ||
        !read_number(object, "height_px", 10, 3.0 * IMAGE_SIDE_PX_MAX, &frame->height_px) ||
        !read_number(object, "scale", 1e-3, 100, &scale))
        return bad(fault, CROP_SCALE, "the size");
    double across = out->width_px / frame->width_px, down = out->height_px / frame->height_px;
    double rounding = 0.2 / fmin(frame->width_px, frame->height_px); /* one decimal each */
    if (fabs(across / down - 1) > STRETCH_MAX + rounding)
        return fault_is(fault, "bad_parameter", "crop_scale: stretched, %.4f across and %.4f down.", across, down);
    if (fabs(scale / across - 1) > 2 * STRETCH_MAX + rounding + 1e-4 / across)
        return bad(fault, CROP_SCALE, "the scale");
    return ERR_NONE;
}

static enum err read_background(const struct json *object, struct verify_ledger *out, struct verify_fault *fault)
{
    const struct json *colour = json_at(object, "colour");
    out->replaced = json_bool_at(object, "replaced", false);
    if (!out->replaced)
        return ERR_NONE;
    if (colour == NULL || colour->kind != JSON_ARRAY || json_count(colour) != 3)
        return bad(fault, BACKGROUND, "the colour");
    size_t i = 0;
    for (const struct json *item = colour->first; item != NULL; item = item->next, i++) {
        if (item->kind != JSON_NUMBER || !(item->number >= 0 && item->number <= 255))
            return bad(fault, BACKGROUND, "the colour");
        out->colour[i] = (unsigned char)item->number;
    }
    return ERR_NONE;
}

static enum err read_retouch(const struct json *object, struct verify_ledger *out, struct verify_fault *fault)
{
    double share, face;
    if (object == NULL)
        return ERR_NONE;
    out->retouch = json_text_at(object, "kind", "");
    if (!text_is(out->retouch, "mask") && !text_is(out->retouch, "photo"))
        return fault_is(fault, "unknown_operation", "The operation \"retouch\" of kind \"%.60s\" is not allowed.",
                        out->retouch);
    if (!read_number(object, "changed_share", 0, 1, &share) ||
        !read_number(object, "face_difference_max", 0, 255, &face) ||
        !read_sha256(object, "sha256_repair", &out->repair_sha256))
        return bad(fault, RETOUCH, "what it changed");
    return ERR_NONE;
}

static enum err read_encode(const struct json *object, struct verify_ledger *out, struct verify_fault *fault)
{
    int32_t dpi, quality;
    if (!text_is(json_text_at(object, "format", ""), "jpeg") ||
        !read_int(object, "quality", JPEG_QUALITY_MIN, JPEG_QUALITY_LIMIT, &quality))
        return bad(fault, ENCODE, "format or quality");
    if (!read_int(object, "width_px", 100, 2000, &out->width_px) ||
        !read_int(object, "height_px", 100, 2000, &out->height_px) || !read_int(object, "dpi", 72, 1200, &dpi))
        return bad(fault, ENCODE, "the size");
    out->output_bytes = json_int_at(object, "size_bytes", 0);
    if (out->output_bytes < 100 || !read_sha256(object, "sha256", &out->output_sha256))
        return bad(fault, ENCODE, "size_bytes or sha256");
    out->quality = quality;
    return ERR_NONE;
}

enum err verify_ledger_read(const struct json *report, struct verify_ledger *out, struct verify_fault *fault)
{
    *out = (struct verify_ledger){.orientation = 1};
    const struct json *list = json_at(report, "ledger"), *found[OPERATIONS] = {NULL};
    if (list == NULL || list->kind != JSON_ARRAY)
        return fault_is(fault, "bad_parameter", "There is no ledger in it.");
    out->profile = json_text_at(report, "profile", "");
    out->versions = json_at(report, "versions");
    TRY(read_order(list, found, fault));
    if (!read_sha256(json_at(report, "source"), "sha256", &out->source_sha256))
        return fault_is(fault, "bad_parameter", "The source has no sha256.");
    if (!read_int(found[DECODE], "width_px", 1, 2 * IMAGE_SIDE_PX_MAX, &out->decoded_width_px) ||
        !read_int(found[DECODE], "height_px", 1, 2 * IMAGE_SIDE_PX_MAX, &out->decoded_height_px))
        return bad(fault, DECODE, "the size");
    if (found[ORIENT] != NULL && !read_int(found[ORIENT], "exif", 2, 8, &out->orientation))
        return bad(fault, ORIENT, "exif");
    TRY(read_encode(found[ENCODE], out, fault));
    TRY(read_crop(found[CROP_SCALE], out, fault));
    TRY(read_background(found[BACKGROUND], out, fault));
    return read_retouch(found[RETOUCH], out, fault);
}
