/* links: xy_workers */
/* A ledger — what is accepted lists nothing unknown and has numbers a photo can have; what is refused is named. */
#include "workers/verify_ledger.h"

#include "base/check.h"
#include "base/text.h"

#include <math.h>

static void check_accepted(const struct json *tree, const struct verify_ledger *ledger)
{
    static const char *const allowed[] = {"decode", "orient", "crop_scale", "background", "retouch", "encode"};
    size_t next = 0;
    for (const struct json *item = json_at(tree, "ledger")->first; item != NULL; item = item->next) {
        while (next < countof(allowed) && !text_is(json_text_at(item, "operation", ""), allowed[next]))
            next++;
        CHECK(next < countof(allowed)); /* in order, once each */
        next++;
    }
    CHECK(ledger->orientation >= 1 && ledger->orientation <= 8);
    CHECK(isfinite(ledger->frame.x_px) && isfinite(ledger->frame.y_px));
    CHECK(ledger->frame.width_px >= 10 && ledger->frame.width_px < 1e6 && ledger->frame.height_px >= 10 &&
          ledger->frame.height_px < 1e6);
    CHECK(ledger->width_px >= 100 && ledger->width_px <= 2000 && ledger->height_px >= 100 && ledger->height_px <= 2000);
    CHECK(ledger->quality >= 60 && ledger->quality <= 100 && ledger->output_bytes > 0);
    CHECK(strlen(ledger->source_sha256) == 64 && strlen(ledger->output_sha256) == 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct json *tree = NULL;
    struct verify_ledger ledger;
    struct verify_fault fault = {0};
    struct arena *arena = arena_new(MIB(4));
    if (json_read((const char *)bytes, len, arena, &tree) == ERR_NONE) {
        enum err e = verify_ledger_read(tree, &ledger, &fault);
        if (e == ERR_NONE)
            check_accepted(tree, &ledger);
        else
            CHECK(e == ERR_BAD_FIELD && fault.code != NULL && fault.text[0] != '\0');
    }
    arena_free(arena);
    return 0;
}
