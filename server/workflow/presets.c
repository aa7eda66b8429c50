#include "workflow/presets.h"

#include "base/text.h"

/* A function per preset: the compiler checks names and kinds of the fields. */
#define PRESET(name, zh, en, about_zh, about_en)                                                                       \
    static void fill_##name(struct policy *policy)                                                                     \
    {                                                                                                                  \
        policy->preset = #name;
#define SET(field, value) policy->field = value;
#define END               }
#include "workflow/presets.def"
#undef PRESET
#undef SET
#undef END

static const struct {
    struct preset preset;
    void (*fill)(struct policy *policy);
} presets[] = {
#define PRESET(name, zh, en, about_zh, about_en) {{#name, {zh, en}, {about_zh, about_en}}, fill_##name},
#define SET(field, value)
#define END
#include "workflow/presets.def"
#undef PRESET
#undef SET
#undef END
};

const struct preset *preset_at(size_t i)
{
    return i < countof(presets) ? &presets[i].preset : NULL;
}

enum err preset_policy(const char *name, struct policy *policy)
{
    for (size_t i = 0; i < countof(presets); i++)
        if (text_is(presets[i].preset.name, name)) {
            policy_default(policy);
            presets[i].fill(policy);
            return ERR_NONE;
        }
    return ERR_NOT_FOUND;
}
