#include "workers/profile.h"

#include "base/text.h"

static const struct profile profiles[] = {
#define PROFILE(name_, width, height, dpi_, r, g, b, kb_min, kb_max, title_zh_, title_en_, ...)                        \
    {.name = #name_,                                                                                                   \
     .title_zh = title_zh_,                                                                                            \
     .title_en = title_en_,                                                                                            \
     .width_px = width,                                                                                                \
     .height_px = height,                                                                                              \
     .dpi = dpi_,                                                                                                      \
     .background = {r, g, b},                                                                                          \
     .size_kb = {kb_min, kb_max},                                                                                      \
     __VA_ARGS__},
#include "workers/profiles.def"
#undef PROFILE
};

const struct profile *profile_at(size_t i)
{
    return i < countof(profiles) ? &profiles[i] : NULL;
}

const struct profile *profile_named(const char *name)
{
    for (size_t i = 0; i < countof(profiles); i++)
        if (text_is(profiles[i].name, name))
            return &profiles[i];
    return NULL;
}

static void put_pair(struct buf *b, const char *name, struct range range)
{
    if (!range_is_set(range))
        return;
    json_name(b, name);
    json_array_open(b);
    json_int(b, range.min);
    json_int(b, range.max);
    json_array_close(b);
}

void profile_write(struct buf *b, const struct profile *profile)
{
    json_object_open(b);
    json_put_text(b, "name", profile->name);
    json_put_int(b, "width_px", profile->width_px);
    json_put_int(b, "height_px", profile->height_px);
    json_put_int(b, "dpi", profile->dpi);
    json_name(b, "background");
    json_array_open(b);
    for (size_t i = 0; i < 3; i++)
        json_int(b, profile->background[i]);
    json_array_close(b);
    put_pair(b, "crown_px", profile->crown_px);
    put_pair(b, "eyes_px", profile->eyes_px);
    put_pair(b, "face_width_px", profile->face_width_px);
    put_pair(b, "head_height_px", profile->head_height_px);
    put_pair(b, "chin_below_px", profile->chin_below_px);
    if (profile->centre_px > 0)
        json_put_int(b, "centre_px", profile->centre_px);
    put_pair(b, "size_kb", profile->size_kb);
    json_object_close(b);
}

/* Exactly `count` whole numbers between min and max. */
static bool read_numbers(const struct json *list, int64_t min, int64_t max, size_t count, int64_t *numbers)
{
    if (list == NULL || list->kind != JSON_ARRAY || json_count(list) != count)
        return false;
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        if (item->kind != JSON_NUMBER || !(item->number >= (double)min && item->number <= (double)max))
            return false;
        *numbers++ = (int64_t)item->number;
    }
    return true;
}

/* Absent is allowed and leaves {0, 0}. */
static bool read_range(const struct json *object, const char *name, int64_t max, struct range *range)
{
    int64_t pair[2];
    if (json_at(object, name) == NULL)
        return true;
    if (!read_numbers(json_at(object, name), 0, max, 2, pair) || pair[0] >= pair[1])
        return false;
    *range = (struct range){pair[0], pair[1]};
    return true;
}

/* Size and height of the head must follow from the windows, and the windows must not contradict each other. */
static bool windows_make_sense(const struct profile *p)
{
    bool sized = range_is_set(p->face_width_px) || range_is_set(p->head_height_px);
    bool placed = range_is_set(p->crown_px) || range_is_set(p->eyes_px);
    return sized && placed && range_is_set(p->size_kb) &&
           (!range_is_set(p->crown_px) || !range_is_set(p->eyes_px) || p->crown_px.min < p->eyes_px.max);
}

static bool read_side(const struct json *object, const char *name, int64_t min, int64_t max, int64_t *value)
{
    *value = json_int_at(object, name, -1);
    return *value >= min && *value <= max;
}

enum err profile_read(const struct json *object, struct profile *profile)
{
    *profile = (struct profile){0};
    snprintf(profile->name, sizeof profile->name, "%s", json_text_at(object, "name", ""));
    int64_t colour[3];
    if (!read_side(object, "width_px", 100, 2000, &profile->width_px) ||
        !read_side(object, "height_px", 100, 2000, &profile->height_px) ||
        !read_side(object, "dpi", 72, 1200, &profile->dpi) ||
        !read_numbers(json_at(object, "background"), 0, 255, 3, colour))
        return ERR_BAD_FIELD;
    for (size_t i = 0; i < 3; i++)
        profile->background[i] = (unsigned char)colour[i];
    profile->centre_px = json_int_at(object, "centre_px", 0);
    if (!read_range(object, "crown_px", profile->height_px, &profile->crown_px) ||
        !read_range(object, "eyes_px", profile->height_px, &profile->eyes_px) ||
        !read_range(object, "face_width_px", profile->width_px, &profile->face_width_px) ||
        !read_range(object, "head_height_px", profile->height_px, &profile->head_height_px) ||
        !read_range(object, "chin_below_px", profile->height_px, &profile->chin_below_px) ||
        !read_range(object, "size_kb", 10000, &profile->size_kb) || profile->centre_px < 0 ||
        profile->centre_px > profile->width_px / 2 || !windows_make_sense(profile))
        return ERR_BAD_FIELD;
    return ERR_NONE;
}
