/* links: xy_base */
/* A URL the guard lets through is a plain https URL to a name with a dot or to a public address, on a port we allow. */
#include "dispatch/url_guard.c"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct url_parts parts;
    char why[256], *url = malloc(len + 1);
    CHECK(url != NULL);
    if (len > 0)
        memcpy(url, bytes, len);
    url[len] = '\0';
    enum err parsed = url_parse(url, &parts, why);
    if (parsed == ERR_NONE) {
        CHECK(strlen(parts.host) > 0 && parts.port > 0 && parts.port < 65536);
        CHECK(parts.path >= url && parts.path <= url + strlen(url));
        for (const char *c = parts.host; *c != '\0'; c++)
            CHECK((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || strchr("-.:", *c) != NULL);
    }
    if (url_guard(url, false, why) == ERR_NONE)
        CHECK(parsed == ERR_NONE && parts.https && (parts.port == 443 || parts.port == 8443) &&
              (parts.host_is_ipv6 || strchr(parts.host, '.') != NULL) && strcmp(parts.host, "localhost") != 0);
    free(url);
    return 0;
}
