/* links: xy_idcard_drawn */
#include "workers/idcard_quad.c"
#include "workers/idcard_validity.h"
#undef PI
#include "workers/idcard_read.c"

#include "tests/idcard/draw.h"
#include "workers/idcard.h"
#include "workers/idcard_look.h"

#undef TRUE /* glib's */
#include "tests/check.h"

/* A card drawn as the scene says, and where it is. */
static struct image drawn(uint64_t seed, struct scene *scene, bool grey, struct drawn_person *person,
                          struct card_quad *corners)
{
    struct draw_random random = {seed};
    struct image card, picture;
    draw_person(&random, person);
    draw_card(&random, person, NULL, &card);
    if (grey)
        draw_grey(&card);
    draw_picture(&random, &card, scene, &picture, corners);
    image_release(&card);
    return picture;
}

static struct scene plain_scene(void)
{
    return (struct scene){
        .width_px = 1200, .height_px = 900, .card_width = 0.75, .light = 1, .noise = 1, .blur_px = 0.5};
}

/* ---- number ---- */

TEST(a_number_needs_its_check_character_and_a_real_date)
{
    TRUE(resident_number_valid("11010519491231002X"));
    TRUE(resident_number_valid("440524188001010014") == false); /* 1880 */
    TRUE(!resident_number_valid("11010519491231002x"));
    TRUE(!resident_number_valid("11010519491231002"));
    TRUE(!resident_number_valid("11010519491231002X1"));
    TRUE(!resident_number_valid(""));
    struct draw_random random = {1};
    struct drawn_person person;
    for (int i = 0; i < 200; i++) { /* right check characters by another sum */
        draw_person(&random, &person);
        TRUE(resident_number_valid(person.number));
        TRUE(resident_number_male(person.number) == person.male);
    }
}

TEST(one_wrong_digit_or_two_exchanged_never_pass)
{
    char number[] = "11010519491231002X";
    for (int at = 0; at < 17; at++)
        for (char c = '0'; c <= '9'; c++) {
            char before = number[at];
            number[at] = c;
            TRUE(c == before || !resident_number_valid(number));
            number[at] = before;
        }
    for (int at = 0; at + 1 < 17; at++) {
        if (number[at] == number[at + 1])
            continue;
        char first = number[at];
        number[at] = number[at + 1], number[at + 1] = first;
        TRUE(!resident_number_valid(number));
        first = number[at];
        number[at] = number[at + 1], number[at + 1] = first;
    }
}

static bool decided(const char *const *texts, size_t count, char text[RESIDENT_NUMBER_CHARS + 1])
{
    struct readings readings = {0};
    struct card_number number = {.found = false};
    for (size_t i = 0; i < count; i++)
        reading_add(&readings, texts[i]);
    number_decide(&readings, &number);
    memcpy(text, number.text, sizeof number.text);
    return number.found;
}

TEST(one_reading_is_not_enough_and_a_contradiction_needs_another)
{
    static const char a[] = "11010519491231002X", wrong[] = "110105194912310021", other[] = "110205194912310024";
    char text[RESIDENT_NUMBER_CHARS + 1];
    struct drawn_person person;
    draw_person(&(struct draw_random){4}, &person);
    TRUE(!decided((const char *const[]){a}, 1, text) && text[0] == '\0');
    TRUE(!decided((const char *const[]){wrong, wrong, wrong}, 3, text));
    TRUE(decided((const char *const[]){a, a}, 2, text));
    EQ_TEXT(a, text);
    TRUE(decided((const char *const[]){a, "511010519491231002X"}, 2, text)); /* the end of the label before it */
    EQ_TEXT(a, text);
    TRUE(decided((const char *const[]){a, "11010519491231002", "1101051949231002X", a}, 4, text)); /* only lost some */
    TRUE(!decided((const char *const[]){wrong, a, a}, 3, text));
    TRUE(!decided((const char *const[]){wrong, a, other, a, a}, 5, text));
    TRUE(decided((const char *const[]){wrong, a, a, a}, 4, text));
    TRUE(!decided((const char *const[]){person.number, a, a, a, a, a}, 6, text) && text[0] == '\0');
}

TEST(similarity_counts_characters_in_their_order)
{
    NEAR(1, card_text_similarity("王小明", "王小明"), 1e-9);
    NEAR(2.0 / 3, card_text_similarity("王小朋", "王小明"), 1e-9);
    NEAR(0.5, card_text_similarity("吴昊", "昊昊"), 1e-9);
    NEAR(0, card_text_similarity("李雷", "韩梅梅"), 1e-9);
    NEAR(0, card_text_similarity("", "王"), 1e-9);
    NEAR(0.75, card_text_similarity("王小明了", "王小明"), 1e-9);
    TRUE(card_text_similarity("明小王", "王小明") < 0.5);
}

/* ---- geometry ---- */

TEST(a_plane_maps_corners_to_corners)
{
    struct card_quad quad = {{{100, 50}, {700, 90}, {660, 500}, {80, 430}}};
    struct card_plane plane;
    TRUE(card_plane_of(&quad, &plane));
    for (int i = 0; i < 4; i++) {
        struct card_point p = card_to_picture(&plane, i == 1 || i == 2, i >= 2);
        NEAR(quad.corners[i].x, p.x, 1e-6);
        NEAR(quad.corners[i].y, p.y, 1e-6);
    }
    struct card_quad crossed = {{{0, 0}, {10, 10}, {10, 0}, {0, 10}}}, flat = {{{0, 0}, {5, 0}, {10, 0}, {0, 10}}};
    TRUE(!card_plane_of(&crossed, &plane) && !card_plane_of(&flat, &plane));
}

TEST(the_ratio_is_seen_through_perspective)
{
    struct scene scene = plain_scene();
    struct drawn_person person;
    struct card_quad corners;
    struct card_plane plane;
    double square;
    scene.tilt_x_deg = 14, scene.tilt_y_deg = -12, scene.roll_deg = 5;
    struct image picture = drawn(3, &scene, false, &person, &corners);
    TRUE(card_plane_of(&corners, &plane));
    double ratio = card_true_ratio(&plane, 600, 450, 0.85 * 1200, &square);
    NEAR(0, log(ratio / CARD_RATIO), 0.05);
    NEAR(0, square, 0.06);
    image_release(&picture);
}

/* The nearest candidate's worst corner, in shares of the card's width. */
static double best_miss(const struct image *picture, const struct card_quad *truth)
{
    static struct card_lines lines;
    struct card_candidates candidates;
    struct image small = {0};
    TRUE(resample_to_long_edge(picture, 640, &small) == ERR_NONE);
    TRUE(card_lines_find(&small, &lines) == ERR_NONE);
    card_quads_find(&lines, &candidates);
    double best = INFINITY, scale = picture->width_px / (double)small.width_px;
    for (size_t i = 0; i < candidates.count; i++)
        for (int turn = 0; turn < 4; turn++) {
            struct card_quad quad = card_turned(&candidates.items[i].quad, turn);
            double worst = 0;
            for (int c = 0; c < 4; c++)
                worst = fmax(worst, hypot(quad.corners[c].x * scale - truth->corners[c].x,
                                          quad.corners[c].y * scale - truth->corners[c].y));
            best = fmin(best, worst / card_width_px(truth));
        }
    image_release(&small);
    return best;
}

TEST(the_border_is_found_on_every_ground_and_turn)
{
    for (int i = 0; i < 8; i++) {
        struct scene scene = plain_scene();
        struct drawn_person person;
        struct card_quad corners;
        scene.ground = i % 4, scene.quarters = i / 2, scene.roll_deg = i - 4;
        scene.tilt_x_deg = i % 3 * 6, scene.noise = 3;
        struct image picture = drawn((uint64_t)i + 10, &scene, false, &person, &corners);
        double miss = best_miss(&picture, &corners);
        image_release(&picture);
        if (!(miss < 0.02))
            TEST_FAIL("picture %d: the nearest border is %.3f card widths away", i, miss);
    }
}

TEST(a_card_that_is_the_picture_is_found_too)
{
    struct scene scene = plain_scene();
    struct drawn_person person;
    struct card_quad corners;
    scene.fills = true;
    struct image picture = drawn(6, &scene, false, &person, &corners);
    NEAR(0, best_miss(&picture, &corners), 0.01);
    image_release(&picture);
}

TEST(a_picture_of_nothing_has_no_border_and_does_no_harm)
{
    static struct card_lines lines;
    struct card_candidates candidates;
    struct image empty = {640, 480, calloc(640 * 480, 3)}, tiny = {9, 7, calloc(9 * 7, 3)};
    TRUE(card_lines_find(&empty, &lines) == ERR_NONE);
    card_quads_find(&lines, &candidates);
    EQ_INT(0, candidates.count);
    TRUE(card_lines_find(&tiny, &lines) == ERR_NONE);
    card_quads_find(&lines, &candidates);
    for (int i = 0; i < 640 * 480 * 3; i++) /* nothing but edges */
        empty.rgb[i] = (unsigned char)(((unsigned)i * 2654435761u) >> 24);
    TRUE(card_lines_find(&empty, &lines) == ERR_NONE);
    card_quads_find(&lines, &candidates);
    TRUE(candidates.count <= CARD_QUADS_MAX);
    image_release(&empty);
    image_release(&tiny);
}

/* ---- print ---- */

TEST(the_number_is_read_and_shade_does_not_matter)
{
    ocr_start();
    if (!ocr_has(OCR_NUMBER))
        SKIP("tesseract's English model is not installed");
    for (int i = 0; i < 3; i++) {
        struct scene scene = plain_scene();
        struct drawn_person person;
        struct card_quad corners;
        struct card_plane plane;
        struct card_number number;
        struct resample_area line;
        double fits;
        scene.shade = 0.5, scene.light = 0.6, scene.tilt_y_deg = 8;
        struct image picture = drawn((uint64_t)i + 20, &scene, false, &person, &corners);
        TRUE(card_plane_of(&corners, &plane));
        EQ_INT(ERR_NONE, card_number_line(&picture, &plane, &line, &fits));
        TRUE(fits > 0.3);
        EQ_INT(ERR_NONE, card_number_read(&picture, &plane, &line, &number));
        TRUE(number.found);
        EQ_TEXT(person.number, number.text);
        image_release(&picture);
    }
}

TEST(a_number_that_cannot_be_seen_is_not_guessed)
{
    ocr_start();
    if (!ocr_has(OCR_NUMBER))
        SKIP("tesseract's English model is not installed");
    struct scene scene = plain_scene();
    struct drawn_person person;
    struct card_quad corners;
    struct card_plane plane;
    struct card_number number;
    scene.card_width = 0.2, scene.blur_px = 3.5;
    struct image picture = drawn(30, &scene, false, &person, &corners);
    TRUE(card_plane_of(&corners, &plane));
    struct resample_area line = {0.34, 0.84, 0.57, 0.065};
    EQ_INT(ERR_NONE, card_number_read(&picture, &plane, &line, &number));
    TRUE(!number.found && number.text[0] == '\0');
    image_release(&picture);
}

TEST(the_name_is_confirmed_not_told)
{
    ocr_start();
    if (!ocr_has(OCR_NAME))
        SKIP("tesseract's Chinese model is not installed");
    struct scene scene = plain_scene();
    struct drawn_person person;
    struct card_quad corners;
    struct card_plane plane;
    double own, other;
    struct image picture = drawn(41, &scene, false, &person, &corners);
    TRUE(card_plane_of(&corners, &plane));
    EQ_INT(ERR_NONE, card_name_similarity(&picture, &plane, person.name, &own));
    EQ_INT(ERR_NONE, card_name_similarity(&picture, &plane, "司马相如", &other));
    TRUE(own >= 0.5 && other < 0.3);
    image_release(&picture);
}

/* ---- what it looks like ---- */

static struct card_look looked(uint64_t seed, struct scene *scene, bool grey)
{
    struct drawn_person person;
    struct card_quad corners;
    struct card_plane plane;
    struct card_look look;
    struct image picture = drawn(seed, scene, grey, &person, &corners);
    TRUE(card_plane_of(&corners, &plane));
    EQ_INT(ERR_NONE, card_look_at(&picture, &plane, &corners, 1, 4, &look));
    image_release(&picture);
    return look;
}

TEST(each_trouble_warns_and_a_good_picture_does_not)
{
    struct scene scene = plain_scene();
    struct card_look look = looked(50, &scene, false);
    TRUE(!card_look_warns(&look));
    look = looked(50, &scene, true);
    TRUE(card_warning_holds(&look, CARD_WARNING_colour_spread));
    scene.light = 0.3;
    look = looked(50, &scene, false);
    TRUE(card_warning_holds(&look, CARD_WARNING_brightness));
    scene = plain_scene(), scene.glare = 0.8, scene.light = 0.7;
    int glaring = 0; /* the streak's place is by chance: over the card in most pictures */
    for (uint64_t seed = 60; seed < 66; seed++) {
        look = looked(seed, &scene, false);
        glaring += card_warning_holds(&look, CARD_WARNING_glare);
    }
    TRUE(glaring >= 3);
    scene = plain_scene(), scene.card_width = 0.4;
    look = looked(50, &scene, false);
    TRUE(card_warning_holds(&look, CARD_WARNING_card_width));
    scene = plain_scene(), scene.blur_px = 3.8;
    look = looked(50, &scene, false);
    TRUE(card_warning_holds(&look, CARD_WARNING_sharpness));
}

TEST(the_emblem_tells_the_other_side)
{
    struct image back, front;
    struct drawn_person person;
    struct draw_random random = {70};
    struct card_quad whole = {{{0, 0}, {1370, 0}, {1370, 864}, {0, 864}}}, turned = card_turned(&whole, 2);
    struct card_plane plane, upside_down;
    bool emblem;
    draw_emblem_side(&(struct drawn_validity){"2016-05-01", "2036-05-01"}, &back);
    draw_person(&random, &person);
    draw_card(&random, &person, NULL, &front);
    TRUE(card_plane_of(&whole, &plane) && card_plane_of(&turned, &upside_down));
    TRUE(card_shows_emblem(&back, &plane, &emblem) == ERR_NONE && emblem);
    TRUE(card_shows_emblem(&back, &upside_down, &emblem) == ERR_NONE && !emblem);
    TRUE(card_shows_emblem(&front, &plane, &emblem) == ERR_NONE && !emblem);
    image_release(&back);
    image_release(&front);
}

TEST(a_validity_keeps_the_rule_or_is_none)
{
    static const struct {
        const char *text;
        bool is_long;
        const char *from, *until; /* NULL: refused */
    } cases[] = {
        {"2016.05.01-2036.05.01", false, "2016-05-01", "2036-05-01"},
        {"20160501 20260501", false, "2016-05-01", "2026-05-01"},
        {"2016.05.01-2021.05.01", false, "2016-05-01", "2021-05-01"},
        {"2016.02.29-2021.02.28", false, "2016-02-29", "2021-02-28"},
        {"2016.02.29-2021.03.01", false, "2016-02-29", "2021-03-01"},
        {"2016.05.01-", true, "2016-05-01", "long"},
        {"2016.05.01-2037.05.01", false, NULL, NULL},
        {"2016.05.01-2036.05.02", false, NULL, NULL},
        {"2016.13.01-2036.13.01", false, NULL, NULL},
        {"2036.05.01-2016.05.01", false, NULL, NULL},
        {"1916.05.01-1936.05.01", false, NULL, NULL},
        {"2016.05.01", false, NULL, NULL},
        {"2016.05.01-2036.05.011", false, NULL, NULL},
        {"", false, NULL, NULL},
        {"", true, NULL, NULL},
    };
    struct card_validity validity;
    for (size_t i = 0; i < countof(cases); i++) {
        bool good = card_validity_parse(cases[i].text, cases[i].is_long, &validity);
        if (good != (cases[i].from != NULL) || good != validity.found)
            TEST_FAIL("%s: %d", cases[i].text, good);
        if (good) {
            EQ_TEXT(cases[i].from, validity.from);
            EQ_TEXT(cases[i].until, validity.until);
        }
    }
}

/* ---- without models ---- */

TEST(without_models_cards_are_refused_in_a_sentence)
{
    ocr_stop();
    setenv("TESSDATA_PREFIX", "/nonexistent", 1);
    ocr_start();
    unsetenv("TESSDATA_PREFIX");
    TRUE(!ocr_has(OCR_NUMBER) && !ocr_has(OCR_NAME));
    struct job_reply reply;
    struct job_tools tools = {.arena = NULL};
    struct frame request = {.part_count = 1};
    job_reply_init(&reply);
    EQ_INT(ERR_UNSUPPORTED_TYPE, job_idcard(&tools, NULL, &request, &reply));
    TRUE(reply.why[0] != '\0');
    job_reply_release(&reply);
}

int main(void)
{
    image_start();
    int result = tests_run();
    draw_end();
    ocr_stop();
    return result;
}
