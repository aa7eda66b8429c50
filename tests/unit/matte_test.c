/* links: xy_workers */
#include "workers/matte.c"

#include "matte_drawn.h"
#include "tests/check.h"
#include "workers/resample.h"

static const unsigned char blue[3] = {100, 197, 255};

struct errors {
    double frame, partial; /* mean |alpha − truth|, 0..1: everywhere, and where the truth is partly covered */
};

static struct errors errors_of(const struct drawn *drawn, const struct matte *matte)
{
    struct errors errors = {0, 0};
    size_t pixels = (size_t)DRAWN_WIDTH * DRAWN_HEIGHT, partial = 0;
    for (size_t i = 0; i < pixels; i++) {
        int truth = drawn->truth.values[i];
        double off = abs(matte->alpha.values[i] - truth) / 255.0;
        errors.frame += off / (double)pixels;
        if (truth > 0 && truth < 255) {
            errors.partial += off;
            partial++;
        }
    }
    errors.partial /= (double)partial;
    return errors;
}

static void make(const struct drawn_look *look, bool with_mask, struct drawn *drawn, struct matte *matte)
{
    drawn_make(look, drawn);
    EQ_INT(ERR_NONE, matte_make(&drawn->frame, with_mask ? &drawn->mask : NULL, &drawn->marks, &drawn->head, matte));
}

static void done(struct drawn *drawn, struct matte *matte)
{
    drawn_release(drawn);
    matte_release(matte);
}

static struct matte_doubts doubts_of(const struct drawn_look *look)
{
    struct drawn drawn;
    struct matte matte;
    make(look, true, &drawn, &matte);
    struct matte_doubts doubts = matte.doubts;
    done(&drawn, &matte);
    return doubts;
}

/* ---- alpha ---- */

TEST(alpha_of_a_drawn_head_is_close_to_the_truth)
{
    struct drawn drawn;
    struct matte matte;
    make(&DRAWN_LOOK, true, &drawn, &matte);
    struct errors errors = errors_of(&drawn, &matte);
    TRUE(errors.frame < 0.0015);
    TRUE(errors.partial < 0.07);
    TRUE(!matte.doubts.by_wall);
    done(&drawn, &matte);
}

TEST(walls_of_other_colours_and_lights)
{
    static const double walls[][3] = {{244, 244, 242}, {236, 226, 206}, {150, 185, 225}, {176, 160, 142}};
    for (size_t i = 0; i < countof(walls); i++) {
        struct drawn_look look = DRAWN_LOOK;
        memcpy(look.wall, walls[i], sizeof look.wall);
        look.slope = 0.2;
        look.noise = 4;
        struct drawn drawn;
        struct matte matte;
        make(&look, true, &drawn, &matte);
        struct errors errors = errors_of(&drawn, &matte);
        TRUE(errors.frame < 0.002);
        TRUE(errors.partial < 0.08);
        done(&drawn, &matte);
    }
}

TEST(strands_outside_the_mask_are_kept)
{
    struct drawn drawn;
    struct matte matte;
    make(&DRAWN_LOOK, true, &drawn, &matte);
    size_t strands = 0, kept = 0;
    for (size_t i = 0; i < (size_t)DRAWN_WIDTH * DRAWN_HEIGHT; i++)
        if (drawn.truth.values[i] == 255 && drawn.mask.values[i] == 0) {
            strands++;
            kept += matte.alpha.values[i] > 200;
        }
    TRUE(strands > 500);
    TRUE((double)kept > 0.97 * (double)strands);
    done(&drawn, &matte);
}

TEST(without_a_mask_the_wall_decides)
{
    struct drawn drawn;
    struct matte matte;
    make(&DRAWN_LOOK, false, &drawn, &matte);
    struct errors errors = errors_of(&drawn, &matte);
    TRUE(errors.frame < 0.002);
    TRUE(errors.partial < 0.08);
    TRUE(matte.doubts.by_wall);
    done(&drawn, &matte);
}

TEST(wall_seen_through_a_loop_of_hair_is_opened)
{
    struct drawn_look look = DRAWN_LOOK;
    look.loop = 22;
    struct drawn drawn;
    struct matte matte;
    make(&look, true, &drawn, &matte);
    EQ_INT(255, drawn.mask.values[(size_t)530 * DRAWN_WIDTH + 500]);
    EQ_INT(0, matte.alpha.values[(size_t)505 * DRAWN_WIDTH + 487]);
    EQ_INT(255, matte.alpha.values[(size_t)470 * DRAWN_WIDTH + 510]);
    done(&drawn, &matte);
}

TEST(on_a_busy_wall_the_mask_keeps_its_word)
{
    struct drawn_look look = DRAWN_LOOK;
    look.pattern = 45;
    struct drawn drawn;
    struct matte matte;
    make(&look, true, &drawn, &matte);
    struct errors errors = errors_of(&drawn, &matte);
    TRUE(errors.frame < 0.012);
    done(&drawn, &matte);
}

TEST(a_wall_of_the_skins_colour_does_not_open_the_face)
{
    static const double walls[][3] = {{222, 178, 150}, {205, 165, 140}};
    for (size_t i = 0; i < countof(walls); i++) {
        struct drawn_look look = DRAWN_LOOK;
        memcpy(look.wall, walls[i], sizeof look.wall);
        struct drawn drawn;
        struct matte matte;
        make(&look, true, &drawn, &matte);
        for (int32_t y = 265; y < 690; y++)
            for (int32_t x = 325; x < 395; x++) /* where the neck ends nobody could see */
                EQ_INT(255, matte.alpha.values[(size_t)y * DRAWN_WIDTH + (size_t)x]);
        TRUE(errors_of(&drawn, &matte).frame < 0.004);
        done(&drawn, &matte);
    }
}

TEST(dark_hair_before_a_dark_wall_stays_whole)
{
    struct drawn_look look = DRAWN_LOOK;
    for (int c = 0; c < 3; c++)
        look.wall[c] = look.hair[c] + 8;
    struct drawn drawn;
    struct matte matte;
    make(&look, true, &drawn, &matte);
    for (int32_t x = 240; x < 480; x++)
        EQ_INT(255, matte.alpha.values[(size_t)250 * DRAWN_WIDTH + (size_t)x]);
    TRUE(matte.doubts.low_contrast > 0.4);
    done(&drawn, &matte);
}

/* Two colours of the person, `middle` between them on four pixels where alpha was found to be 0. */
static int mended(unsigned char left, unsigned char middle, unsigned char right)
{
    enum { SIDE = 40, CELLS = SIDE / 2 };
    unsigned char rgb[3 * SIDE * SIDE], alpha[SIDE * SIDE], foreground[3 * SIDE * SIDE];
    unsigned char grey[CELLS * CELLS], mask[CELLS * CELLS], kind[CELLS * CELLS], open[CELLS * CELLS];
    for (int i = 0; i < SIDE * SIDE; i++) {
        int x = i % SIDE;
        unsigned char own = x < 18 ? left : x < 22 ? middle : right;
        memset(rgb + 3 * i, own, 3);
        grey[i / SIDE / 2 * CELLS + x / 2] = own;
        alpha[i] = x < 18 || x >= 22 ? 255 : 0;
    }
    memset(foreground, 0, sizeof foreground);
    memset(mask, 255, sizeof mask);
    memset(kind, MATTE_UNKNOWN, sizeof kind);
    struct image frame = {SIDE, SIDE, rgb};
    struct matte matte = {.alpha = {SIDE, SIDE, alpha}, .foreground = {SIDE, SIDE, foreground}};
    struct matte_work work = {.frame = &frame, .width = CELLS, .height = CELLS, .count = CELLS * CELLS};
    work.grey = grey, work.mask = mask, work.kind = kind, work.open = open;
    matte_mend(&work, &matte);
    int at = 20 * SIDE + 20;
    return alpha[at] == 255 && foreground[3 * at] == middle ? 1 : alpha[at] == 0 ? 0 : -1;
}

TEST(a_collar_at_a_neck_is_mended_a_gap_in_hair_is_not)
{
    EQ_INT(1, mended(150, 200, 250)); /* skin, wall's colour in passing, white cloth */
    EQ_INT(1, mended(250, 200, 30));
    EQ_INT(0, mended(40, 200, 35)); /* wall between strands */
    EQ_INT(0, mended(190, 200, 210));
}

/* ---- the person is not touched ---- */

TEST(inside_the_person_pixels_are_the_sources_own)
{
    struct drawn drawn;
    struct matte matte;
    make(&DRAWN_LOOK, true, &drawn, &matte);
    size_t whole = 0;
    for (size_t i = 0; i < (size_t)DRAWN_WIDTH * DRAWN_HEIGHT; i++)
        if (matte.alpha.values[i] == 255) {
            whole++;
            if (memcmp(drawn.frame.rgb + 3 * i, matte.foreground.rgb + 3 * i, 3) != 0)
                TEST_FAIL("pixel %zu changed", i);
        }
    TRUE(whole > (size_t)DRAWN_WIDTH * DRAWN_HEIGHT / 4);
    for (int32_t y = 300; y < 540; y++) /* the face is in it, every pixel */
        for (int32_t x = 300; x < 420; x++)
            EQ_INT(255, matte.alpha.values[(size_t)y * DRAWN_WIDTH + (size_t)x]);
    done(&drawn, &matte);
}

TEST(hair_at_the_edge_has_lost_the_walls_light)
{
    struct drawn drawn;
    struct matte matte;
    make(&DRAWN_LOOK, true, &drawn, &matte);
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < (size_t)DRAWN_WIDTH * 400; i++)
        if (matte.alpha.values[i] > 60 && matte.alpha.values[i] < 250) {
            sum += matte.foreground.rgb[3 * i + 1];
            count++;
        }
    TRUE(count > 1000);
    NEAR(DRAWN_LOOK.hair[1], sum / (double)count, 8);
    done(&drawn, &matte);
}

/* ---- the colour behind ---- */

/* Every finished pixel whose source pixels all have alpha 0 must be exactly blue, ±0. */
static void check_colour(const struct matte *matte, int32_t width, int32_t height)
{
    struct image photo;
    EQ_INT(ERR_NONE, matte_onto(matte, blue, width, height, &photo));
    EQ_INT(width, photo.width_px);
    EQ_INT(height, photo.height_px);
    double sx = (double)matte->alpha.width_px / width, sy = (double)matte->alpha.height_px / height;
    size_t empty = 0;
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            int most = 0;
            for (int32_t fy = (int32_t)(y * sy); fy < (y + 1) * sy && fy < matte->alpha.height_px; fy++)
                for (int32_t fx = (int32_t)(x * sx); fx < (x + 1) * sx && fx < matte->alpha.width_px; fx++) {
                    int alpha = matte->alpha.values[(size_t)fy * (size_t)matte->alpha.width_px + (size_t)fx];
                    most = alpha > most ? alpha : most;
                }
            const unsigned char *rgb = photo.rgb + 3 * ((size_t)y * (size_t)width + (size_t)x);
            empty += most == 0;
            if (most == 0 && memcmp(rgb, blue, 3) != 0)
                TEST_FAIL("%d,%d is %d,%d,%d", x, y, rgb[0], rgb[1], rgb[2]);
        }
    TRUE(empty > (size_t)(width * height / 4));
    image_release(&photo);
}

TEST(the_colour_behind_is_exact)
{
    struct drawn drawn;
    struct matte matte;
    make(&DRAWN_LOOK, true, &drawn, &matte);
    check_colour(&matte, 480, 640);
    check_colour(&matte, 358, 441); /* not 3:2 */
    check_colour(&matte, 720, 960);
    done(&drawn, &matte);
}

TEST(three_to_two_at_an_outline_is_the_mean_of_what_is_covered)
{
    unsigned char alpha[9], rgb[27] = {0}, black[3] = {0};
    memset(alpha, 255, sizeof alpha);
    alpha[8] = 0; /* an outline is near */
    rgb[0] = 90;  /* the corner pixel's red: covers 1 of 2.25 */
    rgb[12] = 90; /* the middle pixel's: 0.25 of 2.25 in all four */
    struct matte matte = {.alpha = {3, 3, alpha}, .foreground = {3, 3, rgb}};
    struct image out;
    EQ_INT(ERR_NONE, matte_onto(&matte, black, 2, 2, &out));
    EQ_INT(50, out.rgb[0]);
    EQ_INT(10, out.rgb[3]);
    EQ_INT(10, out.rgb[6]);
    EQ_INT(10, out.rgb[9]);
    image_release(&out);
}

/* Deep inside, what comes out is what Lanczos makes of the source: same place, same size, nothing added. */
TEST(inside_the_person_reducing_keeps_detail)
{
    enum { SIDE = 90, FINISHED = 60 };
    unsigned char *alpha = malloc(SIDE * SIDE), *rgb = malloc(3 * SIDE * SIDE);
    memset(alpha, 255, SIDE * SIDE);
    for (int i = 0; i < 3 * SIDE * SIDE; i++) {
        double x = i / 3 % SIDE, y = i / 3 / SIDE;
        rgb[i] = (unsigned char)(128 + 90 * sin(x / 2.2) * cos(y / 2.6));
    }
    struct matte matte = {.alpha = {SIDE, SIDE, alpha}, .foreground = {SIDE, SIDE, rgb}};
    struct image out, want, means;
    struct resample_area all = {0, 0, SIDE, SIDE};
    EQ_INT(ERR_NONE, matte_onto(&matte, blue, FINISHED, FINISHED, &out));
    EQ_INT(ERR_NONE, resample(&matte.foreground, &all, FINISHED, FINISHED, RESAMPLE_LANCZOS, &want));
    EQ_INT(ERR_NONE, resample(&matte.foreground, &all, FINISHED, FINISHED, RESAMPLE_BOX, &means));
    double off = 0, off_means = 0;
    for (int i = 3 * 6 * FINISHED; i < 3 * (FINISHED - 6) * FINISHED; i++) {
        off += abs(out.rgb[i] - want.rgb[i]);
        off_means += abs(means.rgb[i] - want.rgb[i]);
    }
    TRUE(off / (3 * 48 * FINISHED) < 0.6);
    TRUE(off < off_means / 10);
    image_release(&out);
    image_release(&want);
    image_release(&means);
    free(alpha);
    free(rgb);
}

TEST(the_same_bytes_on_every_run)
{
    struct drawn drawn, again;
    struct matte one, two;
    make(&DRAWN_LOOK, true, &drawn, &one);
    make(&DRAWN_LOOK, true, &again, &two);
    size_t pixels = (size_t)DRAWN_WIDTH * DRAWN_HEIGHT;
    EQ_INT(0, memcmp(one.alpha.values, two.alpha.values, pixels));
    EQ_INT(0, memcmp(one.foreground.rgb, two.foreground.rgb, 3 * pixels));
    done(&drawn, &one);
    done(&again, &two);
}

/* ---- doubts ---- */

TEST(a_quiet_picture_raises_no_doubt)
{
    struct matte_doubts doubts = doubts_of(&DRAWN_LOOK);
    TRUE(doubts.low_contrast < 0.1);
    TRUE(doubts.wall_shadow < 4);
    TRUE(doubts.strangers < 0.001);
    TRUE(doubts.bottom_missing < 0.02);
    NEAR(0, doubts.shoulder_tilt_deg, 0.5);
}

TEST(a_shadow_on_the_wall_is_told_and_mostly_removed)
{
    struct drawn_look look = DRAWN_LOOK;
    look.shadow = 0.35;
    struct drawn drawn;
    struct matte matte;
    make(&look, true, &drawn, &matte);
    TRUE(matte.doubts.wall_shadow > 20);
    TRUE(errors_of(&drawn, &matte).frame < 0.004);
    EQ_INT(0, matte.alpha.values[(size_t)500 * DRAWN_WIDTH + 545]); /* in the shadow */
    done(&drawn, &matte);
}

TEST(people_behind_are_told_and_removed)
{
    struct drawn_look look = DRAWN_LOOK;
    look.stranger = true;
    struct drawn drawn;
    struct matte matte;
    make(&look, true, &drawn, &matte);
    TRUE(matte.doubts.strangers > 0.03);
    EQ_INT(0, matte.alpha.values[(size_t)420 * DRAWN_WIDTH + 20]);
    EQ_INT(0, matte.alpha.values[(size_t)420 * DRAWN_WIDTH + 88]);
    TRUE(errors_of(&drawn, &matte).frame < 0.002);
    done(&drawn, &matte);
}

TEST(a_body_that_ends_too_early_is_told)
{
    struct drawn_look look = DRAWN_LOOK;
    look.body_end_y = 900;
    TRUE(doubts_of(&look).bottom_missing > 0.95);
}

TEST(sloping_shoulders_are_measured)
{
    struct drawn_look look = DRAWN_LOOK;
    look.shoulder_tilt = 0.105; /* 6° */
    NEAR(6, doubts_of(&look).shoulder_tilt_deg, 0.7);
    look.shoulder_tilt = -0.105;
    NEAR(-6, doubts_of(&look).shoulder_tilt_deg, 0.7);
}

TEST(white_clothes_before_a_white_wall_are_doubtful_and_stay)
{
    struct drawn_look look = DRAWN_LOOK;
    for (int c = 0; c < 3; c++) {
        look.wall[c] = 232;
        look.clothes[c] = 240;
    }
    struct drawn drawn;
    struct matte matte;
    make(&look, true, &drawn, &matte);
    TRUE(matte.doubts.low_contrast > 0.25);
    TRUE(errors_of(&drawn, &matte).frame < 0.012);
    EQ_INT(255, matte.alpha.values[(size_t)800 * DRAWN_WIDTH + 200]);
    EQ_INT(0, matte.alpha.values[(size_t)500 * DRAWN_WIDTH + 60]);
    done(&drawn, &matte);
}

/* ---- what nobody should send ---- */

static void odd(int32_t width, int32_t height, unsigned char mask_value, double face_width)
{
    struct image frame = {width, height, malloc((size_t)width * (size_t)height * 3)};
    struct plane mask = {width, height, malloc((size_t)width * (size_t)height)};
    memset(frame.rgb, 120, (size_t)width * (size_t)height * 3);
    memset(mask.values, mask_value, (size_t)width * (size_t)height);
    struct face_landmarks marks = {0};
    struct head head = {.face_width_px = face_width, .eye_y = 1e6, .chin_y = -1e6, .crown_y = 1e7, .centre_x = -1e5};
    struct matte matte;
    EQ_INT(ERR_NONE, matte_make(&frame, &mask, &marks, &head, &matte));
    EQ_INT(mask_value, matte.alpha.values[0]);
    matte_release(&matte);
    EQ_INT(ERR_NONE, matte_make(&frame, NULL, &marks, &head, &matte));
    TRUE(matte.doubts.by_wall);
    matte_release(&matte);
    matte_release(&matte);
    image_release(&frame);
    plane_release(&mask);
}

TEST(odd_frames_and_impossible_heads_are_survived)
{
    odd(1, 1, 255, 0);
    odd(3, 2, 0, 1e9);
    odd(37, 51, 255, 20);
    odd(200, 3, 0, -5);
    odd(101, 203, 255, 1e-9);
}

int main(void)
{
    return tests_run();
}
