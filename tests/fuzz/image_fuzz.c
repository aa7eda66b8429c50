/* links: xy_workers */
/* image — any bytes: header, limits, decode, orientation, reduction. What decodes is encoded again. */
#include "workers/image.h"
#include "workers/jpeg.h"

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
    struct image_source source;
    struct image image;
    struct buf file;
    char why[IMAGE_WHY_BYTES];
    if (image_decode(bytes, len, 8, 256, &source, &image, why) != ERR_NONE)
        return 0;
    buf_init(&file, MIB(1));
    (void)jpeg_encode(&image, 80, 300, &file);
    buf_release(&file);
    image_release(&image);
    return 0;
}
