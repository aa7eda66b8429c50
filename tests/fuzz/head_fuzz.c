/* links: xy_base */
/* The gate says the same of a request head whatever stands behind it, and never looks past the bytes it was given. */
#include "http/head_gate.c"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    size_t head_len = 0, again_len = 0;
    char *exact = malloc(len + 1);
    CHECK(exact != NULL);
    if (len > 0)
        memcpy(exact, bytes, len);
    if (head_gate(exact, len, &head_len) == NULL) {
        CHECK(head_len >= 4 && head_len <= len && memcmp(exact + head_len - 4, "\r\n\r\n", 4) == 0);
        char *head_only = malloc(head_len);
        CHECK(head_only != NULL);
        memcpy(head_only, bytes, head_len);
        CHECK(head_gate(head_only, head_len, &again_len) == NULL && again_len == head_len);
        free(head_only);
    }
    free(exact);
    return 0;
}
