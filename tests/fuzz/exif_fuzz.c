/* links: xy_workers */
/* EXIF's date — a date that is taken is one, in our shape, and means the same when written back in EXIF's. */
#include "workers/image_exif.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1), taken_at[IMAGE_TAKEN_BYTES], again[IMAGE_TAKEN_BYTES], back[IMAGE_TAKEN_BYTES];
    CHECK(text != NULL);
    if (len > 0)
        memcpy(text, bytes, len);
    text[len] = '\0';
    if (image_exif_taken_at(text, taken_at)) {
        int year, month, day, hour, minute, second, end = 0;
        CHECK(sscanf(taken_at, "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &end) == 6);
        CHECK(end == IMAGE_TAKEN_BYTES - 1 && taken_at[end] == '\0');
        CHECK(year >= 1990 && year <= 2099 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
        CHECK(hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59);
        memcpy(back, taken_at, sizeof back);
        back[4] = back[7] = ':';
        back[10] = ' ';
        CHECK(image_exif_taken_at(back, again) && memcmp(again, taken_at, sizeof again) == 0);
    } else {
        CHECK(taken_at[0] == '\0');
    }
    free(text);
    return 0;
}
