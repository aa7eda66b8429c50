#include "workflow/reason.h"

#include "base/text.h"

static const struct reason reasons[] = {
#define REASON(code, by, zh, en, zh_short, en_short, zh_fix, en_fix)                                                   \
    {#code, REASON_##by, {zh, en}, {zh_short, en_short}, {zh_fix, en_fix}},
#include "workflow/reasons.def"
#undef REASON
};

const struct reason *reason_named(const char *code)
{
    for (size_t i = 0; i < countof(reasons); i++)
        if (text_is(reasons[i].code, code))
            return &reasons[i];
    return NULL;
}

const struct reason *reason_at(size_t i)
{
    return i < countof(reasons) ? &reasons[i] : NULL;
}

const char *reason_by_name(enum reason_by by)
{
    static const char *const names[] = {"auto", "human", "chsi"};
    return names[by];
}
