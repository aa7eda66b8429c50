#include "workers/warmup.h"

#include "workers/annotate.h"
#include "workers/compare.h"
#include "workers/faces.h"
#include "workers/image.h"
#include "workers/jpeg.h"
#include "workers/sheet.h"

#define SIDE_PX 240

/* A soft slope of colours: compresses well, contains no face. */
static bool draw_picture(struct image *picture)
{
    *picture = (struct image){SIDE_PX, SIDE_PX, malloc(SIDE_PX * SIDE_PX * 3)};
    for (int y = 0; picture->rgb != NULL && y < SIDE_PX; y++)
        for (int x = 0; x < SIDE_PX; x++) {
            unsigned char *at = picture->rgb + (y * SIDE_PX + x) * 3;
            at[0] = (unsigned char)x, at[1] = (unsigned char)y, at[2] = (unsigned char)((x + y) / 2);
        }
    return picture->rgb != NULL;
}

static bool faces_once(struct face_context *context, const struct image *picture)
{
    struct face_image view = faces_view(picture);
    struct face_boxes boxes;
    struct face_landmarks landmarks;
    struct face_descriptor descriptor;
    struct face_box middle = {SIDE_PX / 4, SIDE_PX / 4, SIDE_PX / 2, SIDE_PX / 2, 1};
    return face_detect(context, &view, &boxes) == FACE_OK &&
           face_landmarks_find(context, &view, &middle, &landmarks) == FACE_OK &&
           face_describe(context, &view, &landmarks, &descriptor) == FACE_OK;
}

/* Runs one whole job in the lane's own way. */
static bool job_once(struct job_tools *tools, const char *json, const struct buf *jpeg, char why[JOB_WHY_BYTES])
{
    struct frame request = {.type = FRAME_JOB, .job_id = 1, .part_count = 3}, answer;
    request.parts[0] = (struct part){json, strlen(json)};
    request.parts[1] = request.parts[2] = (struct part){jpeg->bytes, jpeg->len};
    struct job_reply reply;
    job_reply_init(&reply);
    job_run(tools, &request, &reply, &answer);
    bool good = answer.type == FRAME_RESULT;
    if (!good)
        memcpy(why, reply.why, JOB_WHY_BYTES);
    job_reply_release(&reply);
    arena_reset(tools->arena);
    return good;
}

static bool sheet_once(struct job_tools *tools, const struct buf *jpeg, char why[JOB_WHY_BYTES])
{
    char request[256];
    if (tools->fonts == NULL)
        return true; /* sheet jobs will be refused with the reason; everything else works */
    snprintf(request, sizeof request,
             "{\"kind\":\"sheet\",\"title\":\"学影\",\"batch\":\"Aa1\",\"prints\":[{\"caption\":\"影 Aa 1\","
             "\"size_bytes\":%zu}]}",
             jpeg->len);
    return job_once(tools, request, jpeg, why);
}

static bool poster_once(struct job_tools *tools, const struct buf *jpeg, char why[JOB_WHY_BYTES])
{
    return tools->fonts == NULL ||
           job_once(tools, "{\"kind\":\"poster\",\"url\":\"https://a\",\"code\":\"25103003\",\"title\":\"学影 Aa 1\"}",
                    jpeg, why);
}

/* A report with a failure and a warning uses every size and weight of the fonts; a font opened later finds no file. */
static bool marks_once(struct job_tools *tools, const struct image *picture)
{
    struct comply report;
    struct head head = {.eye_x = SIDE_PX / 2, .centre_x = SIDE_PX / 2, .chin_y = SIDE_PX / 2, .face_width_px = 100};
    struct face_box somewhere = {10, 10, 50, 50, 0};
    struct buf png;
    bool good = tools->fonts == NULL;
    buf_init(&png, ANNOTATE_BYTES_MAX);
    comply_init(&report, profile_named(PROFILE_DEFAULT));
    comply_set(&report, CHECK_roll, 20, &somewhere);
    comply_set(&report, CHECK_rephoto, 100, NULL);
    for (int chinese = 0; tools->fonts != NULL && chinese <= 1; chinese++)
        good = annotate_png(tools->fonts, picture, &head, &report, chinese == 1, &png) == ERR_NONE;
    buf_release(&png);
    return good;
}

bool warmup(struct job_tools *tools, char why[JOB_WHY_BYTES])
{
    struct image picture;
    struct buf jpeg;
    buf_init(&jpeg, MIB(1));
    snprintf(why, JOB_WHY_BYTES, "there is no memory for a first picture");
    bool good = draw_picture(&picture);
    if (good && jpeg_encode(&picture, 80, 300, &jpeg) != ERR_NONE) {
        snprintf(why, JOB_WHY_BYTES, "libvips cannot write JPEG");
        good = false;
    }
    if (good && !faces_once(tools->face, &picture)) {
        snprintf(why, JOB_WHY_BYTES, "the face models do not work");
        good = false;
    }
    good = good && job_once(tools, "{\"kind\":\"compare\"}", &jpeg, why) &&
           job_once(tools, "{\"kind\":\"code\"}", &jpeg, why) && sheet_once(tools, &jpeg, why) &&
           poster_once(tools, &jpeg, why);
    if (good && !marks_once(tools, &picture)) {
        snprintf(why, JOB_WHY_BYTES, "the report cannot be drawn");
        good = false;
    }
    image_release(&picture);
    buf_release(&jpeg);
    return good;
}
