/* links: xy_workers */
/* Container sniffing — any bytes: what passes is within the limits and says the same twice; what does not has a
 * sentence. HEIC is known by its box and never opened here. */
#include "workers/image.h"

#include "base/check.h"
#include "base/text.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    image_start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct image_source source, again;
    char why[IMAGE_WHY_BYTES] = "", sentence[IMAGE_WHY_BYTES] = "";
    enum err e = image_inspect(bytes, len, IMAGE_ID_SIDE_PX_MIN, &source, why);
    CHECK(image_inspect(bytes, len, IMAGE_ID_SIDE_PX_MIN, &again, sentence) == e);
    if (e != ERR_NONE) {
        CHECK(why[0] != '\0' && text_is(why, sentence));
        CHECK(e == ERR_UNREADABLE || e == ERR_UNSUPPORTED_TYPE || e == ERR_HEIC_OFF || e == ERR_TOO_LARGE);
        return 0;
    }
    CHECK(text_is(source.format, bytes[0] == 0xff ? "jpeg" : "png"));
    CHECK(source.width_px >= IMAGE_ID_SIDE_PX_MIN && source.width_px <= IMAGE_SIDE_PX_MAX);
    CHECK(source.height_px >= IMAGE_ID_SIDE_PX_MIN && source.height_px <= IMAGE_SIDE_PX_MAX);
    CHECK((int64_t)source.width_px * source.height_px <= IMAGE_PIXELS_MAX);
    CHECK(source.orientation >= 1 && source.orientation <= 8);
    CHECK(source.width_px == again.width_px && text_is(source.taken_at, again.taken_at));
    return 0;
}
