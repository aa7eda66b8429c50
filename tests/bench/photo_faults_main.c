/* xueying-photo-faults — what `xueying bench photo-checks` gets its bad photos from (photo_faults.h).
 *
 *   stdin, a line each:  FAULT AMOUNT QUALITY  and 12 numbers of struct places, in its order  PATH
 *   stdout, for each:    "LENGTH\n" and that many bytes of JPEG; length 0: it cannot be made from this picture */
#include "tests/bench/photo_faults.h"

#include "base/buf.h"
#include "workers/jpeg.h"

#define FILE_BYTES_MAX MIB(16)
#define LINE_BYTES     4096

static bool load(const char *path, struct image *picture)
{
    struct image_source source;
    char why[IMAGE_WHY_BYTES];
    unsigned char *bytes = malloc(FILE_BYTES_MAX);
    FILE *file = fopen(path, "rbe");
    size_t len = file == NULL || bytes == NULL ? 0 : fread(bytes, 1, FILE_BYTES_MAX, file);
    if (file != NULL)
        fclose(file);
    bool good = len > 0 && image_decode(bytes, len, 16, IMAGE_SIDE_PX_MAX, &source, picture, why) == ERR_NONE;
    free(bytes);
    return good;
}

static void answer(char *line)
{
    struct places p;
    struct image picture = {0};
    struct buf jpeg;
    char fault[32] = "";
    double amount = 0;
    int quality = 0, used = 0;
    buf_init(&jpeg, FILE_BYTES_MAX);
    line[strcspn(line, "\n")] = '\0';
    int fields =
        sscanf(line, "%31s %lf %d %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %n", fault, &amount, &quality,
               &p.left_eye_x, &p.left_eye_y, &p.right_eye_x, &p.right_eye_y, &p.crown_y, &p.chin_y, &p.mouth_left,
               &p.mouth_top, &p.mouth_right, &p.mouth_bottom, &p.face_left, &p.face_right, &used);
    bool good = fields == 15 && load(line + used, &picture) && photo_fault(fault, amount, &p, &picture) &&
                jpeg_encode(&picture, quality, 72, &jpeg) == ERR_NONE;
    printf("%zu\n", good ? jpeg.len : 0);
    if (good)
        fwrite(jpeg.bytes, 1, jpeg.len, stdout);
    fflush(stdout);
    image_release(&picture);
    buf_release(&jpeg);
}

int main(void)
{
    static char line[LINE_BYTES];
    image_start();
    while (fgets(line, sizeof line, stdin) != NULL)
        answer(line);
    image_thread_end();
    image_stop();
    return 0;
}
