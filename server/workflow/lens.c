#include "workflow/lens.h"

#include "base/base.h"

#include <strings.h>

static const char *const front[] = {"front", "facetime", "selfie", "前置"};
static const char *const back[] = {"back", "rear", "environment", "后置", "背面"};

static bool says(const char *lens, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (const char *at = lens; *at != '\0'; at++)
            if (strncasecmp(at, words[i], strlen(words[i])) == 0)
                return true;
    return false;
}

const char *lens_side(const char *lens)
{
    return says(lens, front, countof(front)) ? "front" : says(lens, back, countof(back)) ? "back" : "";
}
