#include "base/err.h"

#include "base/check.h"

enum { NO_RETRY, RETRY };

struct err_row {
    const char *name;
    int http_status;
    int retry;
    const char *title[2]; /* by enum language */
    const char *fix[2];
};

static const struct err_row rows[ERR_COUNT] = {
    [ERR_NONE] = {"NONE", 200, NO_RETRY, {"", ""}, {"", ""}},
#define ERR(code, http, retry, en, en_fix, zh, zh_fix) [ERR_##code] = {#code, http, retry, {zh, en}, {zh_fix, en_fix}},
#include "base/err.def"
#undef ERR
};

static const struct err_row *row_of(enum err e)
{
    CHECK(e >= 0 && e < ERR_COUNT);
    return &rows[e];
}

static char lower_names[ERR_COUNT][24];

/* Before main, so that every thread only reads. */
__attribute__((constructor)) static void lower_names_fill(void)
{
    for (size_t e = 0; e < ERR_COUNT; e++)
        for (size_t i = 0; rows[e].name[i] != '\0' && i < sizeof lower_names[e] - 1; i++) {
            char c = rows[e].name[i];
            lower_names[e][i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        }
}

const char *err_name(enum err e)
{
    CHECK(e >= 0 && e < ERR_COUNT);
    return lower_names[e];
}

int err_http_status(enum err e)
{
    return row_of(e)->http_status;
}

bool err_may_retry(enum err e)
{
    return row_of(e)->retry == RETRY;
}

const char *err_title(enum err e, enum language lang)
{
    return row_of(e)->title[lang];
}

const char *err_fix(enum err e, enum language lang)
{
    return row_of(e)->fix[lang];
}
