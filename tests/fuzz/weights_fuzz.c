/* links: xy_workers */
/* weights — any bytes as a network of numbers: what is accepted is finite, whole, read twice alike, and gives out no
 * more than it has; as a descriptor it is loaded or refused. */
#include "workers/describe.h"
#include "workers/weights.h"

#include "base/check.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct weights first, second;
    struct describe_model *model = NULL;
    char why[WEIGHTS_WHY_BYTES] = "", sentence[DESCRIBE_WHY_BYTES] = "";
    enum err e = weights_load_memory(bytes, len, &first, why);
    if (e != ERR_NONE) {
        CHECK(e == ERR_UNREADABLE && why[0] != '\0');
        CHECK(describe_load_memory(bytes, len, &model, sentence) != ERR_NONE && model == NULL);
        return 0;
    }
    CHECK(first.count <= WEIGHTS_COUNT_MAX && len == WEIGHTS_HEADER_BYTES + 4 * first.count);
    for (size_t i = 0; i < first.count; i++)
        CHECK(isfinite(first.values[i]));
    CHECK(weights_load_memory(bytes, len, &second, why) == ERR_NONE && second.count == first.count &&
          second.kind == first.kind);
    CHECK(weights_take(&first, first.count / 2) == first.values || first.count < 2);
    CHECK(weights_take(&first, first.count) == NULL || first.taken <= first.count);
    CHECK(weights_take(&first, SIZE_MAX) == NULL);
    weights_release(&first);
    weights_release(&second);
    if (describe_load_memory(bytes, len, &model, sentence) == ERR_NONE)
        describe_free(model);
    return 0;
}
