/* links: xy_idcard_drawn */
#include "dispatch/worker_client.c"

#include "base/json.h"
#include "base/text.h"
#include "tests/idcard/draw.h"
#include "workers/idcard.h"
#include "workers/jpeg.h"

#undef TRUE /* glib's */
#include "tests/check.h"

/* The job as the server sees it: the real sandboxed worker, pictures in, answers out. */

static struct worker_client client = {.fd = -1};
static struct arena *arena; /* of the whole program */

static struct worker_client *worker(void)
{
    char models[PATH_BYTES] = "", network[PATH_BYTES + 32];
    if (client.fd >= 0)
        return &client;
    beside_program("models", models);
    const char *folders[] = {getenv("XUEYING_MODELS"), models, "build/models"};
    for (size_t i = 0; i < countof(folders); i++) {
        snprintf(network, sizeof network, "%s/face_recognition.dat", folders[i] != NULL ? folders[i] : "");
        if (access(network, R_OK) != 0)
            continue;
        struct worker_spawn_options options = {.models_folder = folders[i], .threads = 1};
        EQ_INT(ERR_NONE, worker_client_start(&client, &options));
        return &client;
    }
    SKIP("the face models are not there (tools/models)");
    return NULL;
}

static const struct json *ask(const char *request, const void *bytes, size_t len, int want, struct frame *answer)
{
    struct part parts[2] = {{request, strlen(request)}, {bytes, len}};
    const struct json *tree = NULL;
    EQ_INT(ERR_NONE, worker_client_run(worker(), parts, bytes == NULL ? 1 : 2, 60000, answer));
    EQ_INT(ERR_NONE, json_read(answer->parts[0].bytes, answer->parts[0].len, arena, &tree));
    if (answer->type == FRAME_REFUSED && text_is(json_text_at(tree, "error", ""), "unsupported_type") &&
        want != FRAME_REFUSED)
        SKIP("tesseract's models are not installed");
    EQ_INT(want, answer->type);
    return tree;
}

static const struct scene table = {.width_px = 1200,
                                   .height_px = 900,
                                   .card_width = 0.75,
                                   .roll_deg = 2,
                                   .ground = 3,
                                   .light = 1,
                                   .noise = 1,
                                   .blur_px = 0.5};

static struct buf picture(const struct scene *scene, struct drawn_person *person)
{
    struct draw_random random = {5};
    struct image card, taken;
    struct card_quad corners;
    struct buf jpeg;
    buf_init(&jpeg, MIB(8));
    draw_person(&random, person);
    draw_card(&random, person, NULL, &card);
    draw_picture(&random, &card, scene, &taken, &corners);
    EQ_INT(ERR_NONE, jpeg_encode(&taken, 88, 300, &jpeg));
    image_release(&card);
    image_release(&taken);
    return jpeg;
}

TEST(a_card_is_read_whichever_way_it_lies)
{
    for (int quarters = 0; quarters < 4; quarters++) {
        struct drawn_person person;
        struct scene scene = table;
        struct frame answer;
        scene.quarters = quarters;
        struct buf jpeg = picture(&scene, &person);
        const struct json *tree = ask("{\"kind\":\"idcard\"}", jpeg.bytes, jpeg.len, FRAME_RESULT, &answer);
        EQ_TEXT("portrait", json_text_at(tree, "side", ""));
        EQ_TEXT("ok", json_text_at(tree, "verdict", ""));
        EQ_TEXT(person.number, json_text_at(tree, "number.value", ""));
        EQ_TEXT(person.male ? "male" : "female", json_text_at(tree, "number.sex", ""));
        EQ_INT(quarters * 90, json_int_at(tree, "card.turn", -1));
        TRUE(json_at(tree, "face.box") != NULL && json_at(tree, "name.similarity") == NULL);
        EQ_INT(2, answer.part_count); /* the portrait, and nothing that was not asked for */
        frame_release(&answer);
        buf_release(&jpeg);
    }
}

/* Puts an EXIF orientation behind the JPEG's first marker. */
static void set_orientation(struct buf *jpeg, int orientation)
{
    const unsigned char exif[36] = {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,
                                    'M',  'M',  0, 42, 0,   0,   0,   8,   0, 1,
                                    0x01, 0x12, 0, 3,  0,   0,   0,   1,   0, (unsigned char)orientation};
    struct buf with;
    buf_init(&with, MIB(8));
    buf_add(&with, jpeg->bytes, 2);
    buf_add(&with, exif, sizeof exif);
    buf_add(&with, jpeg->bytes + 2, jpeg->len - 2);
    buf_release(jpeg);
    *jpeg = with;
}

TEST(the_cameras_turn_is_applied_before)
{
    struct drawn_person person;
    struct scene scene = table;
    struct frame answer;
    scene.quarters = 3; /* as stored; 6 says: turn clockwise to see it */
    struct buf jpeg = picture(&scene, &person);
    set_orientation(&jpeg, 6);
    const struct json *tree = ask("{\"kind\":\"idcard\"}", jpeg.bytes, jpeg.len, FRAME_RESULT, &answer);
    EQ_TEXT(person.number, json_text_at(tree, "number.value", ""));
    EQ_INT(0, json_int_at(tree, "card.turn", -1));
    frame_release(&answer);
    buf_release(&jpeg);
}

TEST(the_name_is_answered_with_a_likeness_only)
{
    struct drawn_person person;
    char request[200];
    struct frame answer;
    struct buf jpeg = picture(&table, &person);
    snprintf(request, sizeof request, "{\"kind\":\"idcard\",\"flat\":true,\"name\":\"%s\"}", person.name);
    const struct json *tree = ask(request, jpeg.bytes, jpeg.len, FRAME_RESULT, &answer);
    double similarity = json_number_at(tree, "name.similarity", -1);
    TRUE(similarity >= 0.5 && similarity <= 1);
    TRUE(memmem(answer.parts[0].bytes, answer.parts[0].len, person.name, strlen(person.name)) == NULL);
    EQ_INT(3, answer.part_count);
    frame_release(&answer);
    buf_release(&jpeg);
}

TEST(the_other_side_is_told_apart)
{
    struct image back;
    struct card_quad corners;
    struct frame answer;
    struct buf jpeg;
    for (int quarters = 0; quarters < 4; quarters += 2) {
        struct image taken;
        struct scene scene = table;
        struct draw_random random = {9};
        scene.quarters = quarters;
        buf_init(&jpeg, MIB(8));
        draw_emblem_side(&(struct drawn_validity){"2016-05-01", "2036-05-01"}, &back);
        draw_picture(&random, &back, &scene, &taken, &corners);
        EQ_INT(ERR_NONE, jpeg_encode(&taken, 88, 300, &jpeg));
        const struct json *tree = ask("{\"kind\":\"idcard\"}", jpeg.bytes, jpeg.len, FRAME_RESULT, &answer);
        EQ_TEXT("emblem", json_text_at(tree, "side", ""));
        EQ_TEXT("unreadable", json_text_at(tree, "verdict", ""));
        EQ_TEXT("emblem_side", json_text_at(tree, "problem.id", ""));
        TRUE(json_at(tree, "number.value") == NULL);
        EQ_INT(1, answer.part_count);
        frame_release(&answer);
        buf_release(&jpeg);
        image_release(&taken);
        image_release(&back);
    }
}

TEST(the_validity_is_read_when_the_other_side_is_wanted)
{
    static const struct drawn_validity cases[] = {{"2016-05-01", "2036-05-01"}, {"2019-11-30", "long"}};
    for (size_t i = 0; i < countof(cases); i++) {
        struct image back, taken;
        struct card_quad corners;
        struct frame answer;
        struct buf jpeg;
        struct draw_random random = {9};
        buf_init(&jpeg, MIB(8));
        draw_emblem_side(&cases[i], &back);
        draw_picture(&random, &back, &table, &taken, &corners);
        EQ_INT(ERR_NONE, jpeg_encode(&taken, 88, 300, &jpeg));
        const struct json *tree =
            ask("{\"kind\":\"idcard\",\"side\":\"emblem\"}", jpeg.bytes, jpeg.len, FRAME_RESULT, &answer);
        EQ_TEXT(cases[i].from, json_text_at(tree, "validity.from", ""));
        EQ_TEXT(cases[i].until, json_text_at(tree, "validity.until", ""));
        TRUE(json_at(tree, "problem.id") == NULL);
        frame_release(&answer);
        buf_release(&jpeg);
        image_release(&taken);
        image_release(&back);
    }
}

TEST(a_picture_without_a_card_says_so)
{
    struct image plain = {640, 480, malloc(640 * 480 * 3)};
    struct frame answer;
    struct buf jpeg;
    buf_init(&jpeg, MIB(4));
    memset(plain.rgb, 180, 640 * 480 * 3);
    EQ_INT(ERR_NONE, jpeg_encode(&plain, 80, 300, &jpeg));
    const struct json *tree = ask("{\"kind\":\"idcard\"}", jpeg.bytes, jpeg.len, FRAME_RESULT, &answer);
    EQ_TEXT("unknown", json_text_at(tree, "side", ""));
    EQ_TEXT("no_card", json_text_at(tree, "problem.id", ""));
    TRUE(json_at(tree, "card.corners") == NULL && json_at(tree, "face.box") == NULL);
    TRUE(strstr(json_text_at(tree, "problem.fix_en", ""), "portrait") != NULL);
    frame_release(&answer);
    tree = ask("{\"kind\":\"idcard\",\"side\":\"emblem\"}", jpeg.bytes, jpeg.len, FRAME_RESULT, &answer);
    EQ_TEXT("no_card", json_text_at(tree, "problem.id", ""));
    TRUE(strstr(json_text_at(tree, "problem.fix_zh", ""), "国徽") != NULL);
    TRUE(strstr(json_text_at(tree, "problem.fix_en", ""), "emblem") != NULL);
    frame_release(&answer);
    buf_release(&jpeg);
    image_release(&plain);
}

TEST(what_cannot_be_used_is_refused)
{
    struct drawn_person person;
    struct frame answer;
    struct buf jpeg = picture(&table, &person);
    const struct json *tree = ask("{\"kind\":\"idcard\"}", NULL, 0, FRAME_REFUSED, &answer);
    frame_release(&answer);
    tree = ask("{\"kind\":\"idcard\"}", jpeg.bytes, jpeg.len / 3, FRAME_REFUSED, &answer);
    TRUE(json_text_at(tree, "why", NULL) != NULL);
    frame_release(&answer);
    char request[400] = "{\"kind\":\"idcard\",\"name\":\"";
    for (int i = 0; i <= IDCARD_NAME_CHARS_MAX; i++)
        strncat(request, "王", sizeof request - strlen(request) - 1);
    strncat(request, "\"}", sizeof request - strlen(request) - 1);
    (void)ask(request, jpeg.bytes, jpeg.len, FRAME_REFUSED, &answer);
    frame_release(&answer);
    buf_release(&jpeg);
}

int main(void)
{
    arena = arena_new(MIB(8));
    image_start();
    int result = tests_run();
    draw_end();
    worker_client_stop(&client, NULL);
    arena_free(arena);
    return result;
}
