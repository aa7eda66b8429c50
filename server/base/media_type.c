#include "base/media_type.h"

#include <string.h>

const char *media_type_of(const void *bytes, size_t len)
{
    static const unsigned char jpeg[] = {0xff, 0xd8, 0xff}, png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    const char *brand = (const char *)bytes + 4;
    if (len >= sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0)
        return MEDIA_JPEG;
    if (len >= 12 && (memcmp(brand, "ftyphei", 7) == 0 || memcmp(brand, "ftypmif1", 8) == 0))
        return MEDIA_HEIC;
    return len >= sizeof png && memcmp(bytes, png, sizeof png) == 0 ? MEDIA_PNG : NULL;
}
