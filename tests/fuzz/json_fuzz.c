/* links: xy_base */
/* What json_read takes, json_tree writes such that it is read again and written the same; look-ups never leave it. */
#include "base/json.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct arena *arena = arena_new(MIB(64));
    const struct json *tree, *again;
    struct buf first, second;
    buf_init(&first, MIB(8));
    buf_init(&second, MIB(8));
    if (len <= KIB(64) && json_read((const char *)bytes, len, arena, &tree) == ERR_NONE) {
        json_tree(&first, tree);
        CHECK(!first.over);
        CHECK(json_read(first.bytes, first.len, arena, &again) == ERR_NONE);
        json_tree(&second, again);
        CHECK(first.len == second.len && memcmp(first.bytes, second.bytes, first.len) == 0);
        CHECK(json_count(tree) == json_count(again));
        json_int_at(tree, "a.b", 0);
        json_text_at(tree, "items.name", NULL);
    }
    buf_release(&first);
    buf_release(&second);
    arena_free(arena);
    return 0;
}
