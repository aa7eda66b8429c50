#include "tests/idcard/draw.h"

#include "base/check.h"
#include "workers/jpeg.h"

#include <cairo.h>
#include <fontconfig/fontconfig.h>
#include <math.h>
#include <pango/pangocairo.h>

#define PI          3.14159265358979323846
#define CARD_MM     16.0 /* pixels of the flat card per millimetre */
#define FLAT_WIDTH  1370
#define FLAT_HEIGHT 864

static const char fonts[] = "Noto Sans CJK SC,WenQuanYi Micro Hei,sans-serif";
static const char *const number_fonts[] = {"DejaVu Sans Mono", "Noto Sans Mono CJK SC,WenQuanYi Micro Hei Mono",
                                           "Noto Sans CJK SC,WenQuanYi Micro Hei,sans-serif"};

void draw_end(void)
{
    pango_cairo_font_map_set_default(NULL);
    FcFini();
}

/* ---- chance ---- */

static uint64_t next(struct draw_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double draw_share(struct draw_random *random)
{
    return (double)(next(random) >> 11) / 9007199254740992.0;
}

int draw_pick(struct draw_random *random, int count)
{
    return (int)(draw_share(random) * count);
}

/* ---- people ---- */

/* The weights are written out, so that a mistake in the product's own sum would not be repeated here. */
static char check_digit(const char *digits)
{
    static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += (digits[i] - '0') * weights[i];
    return "10X98765432"[sum % 11];
}

void draw_person(struct draw_random *random, struct drawn_person *person)
{
    static const char *const families[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴",
                                           "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗",
                                           "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "欧阳"};
    static const char *const given[] = {"伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰",
                                        "涛", "明", "超", "秀", "霞", "平", "刚", "桂", "英", "华", "玉", "萍", "红",
                                        "娥", "玲", "菊", "昊", "涵", "怡", "瑶", "浩", "梓", "轩", "宇", "欣", "佳",
                                        "琪", "雨", "晨", "思", "文", "博", "子", "嘉", "俊", "倩", "雪"};
    static const char *const places[] = {"广东省广州市天河区", "四川省成都市武侯区", "湖北省武汉市洪山区",
                                         "浙江省杭州市西湖区", "河南省郑州市金水区", "陕西省西安市雁塔区"};
    static const char *const streets[] = {"学院路", "中山大道西", "人民南路二段", "文化路", "解放大道", "长安南路"};
    static const char *const nations[] = {"汉", "汉", "汉", "汉", "壮", "回", "满", "苗"};
    static const int areas[] = {440106, 510107, 420111, 330106, 410105, 610113, 110108, 310115};
    bool two = draw_pick(random, 3) > 0;
    snprintf(person->name, sizeof person->name, "%s%s%s", families[draw_pick(random, countof(families))],
             given[draw_pick(random, countof(given))], two ? given[draw_pick(random, countof(given))] : "");
    snprintf(person->address, sizeof person->address, "%s%s%d号%d栋%d房", places[draw_pick(random, countof(places))],
             streets[draw_pick(random, countof(streets))], 1 + draw_pick(random, 980), 1 + draw_pick(random, 30),
             101 + draw_pick(random, 2400));
    person->nation = nations[draw_pick(random, countof(nations))];
    person->year = 1985 + draw_pick(random, 23);
    person->month = 1 + draw_pick(random, 12);
    person->day = 1 + draw_pick(random, 28);
    char number[64];
    int order = draw_pick(random, 1000);
    person->male = order % 2 == 1;
    snprintf(number, sizeof number, "%06d%04d%02d%02d%03d", areas[draw_pick(random, countof(areas))], person->year,
             person->month, person->day, order);
    memcpy(person->number, number, 17);
    person->number[17] = check_digit(person->number);
    person->number[18] = '\0';
}

/* ---- the flat card ---- */

static void colour(cairo_t *c, int rgb)
{
    cairo_set_source_rgb(c, (rgb >> 16) / 255.0, (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0);
}

/* The text's left edge and vertical middle, in millimetres; the size of its square. */
static void put(cairo_t *c, const char *font, const char *text, double x_mm, double middle_mm, double size_mm, int rgb)
{
    PangoLayout *layout = pango_cairo_create_layout(c);
    PangoFontDescription *description = pango_font_description_from_string(font);
    pango_font_description_set_absolute_size(description, size_mm * CARD_MM * PANGO_SCALE);
    pango_layout_set_font_description(layout, description);
    pango_layout_set_text(layout, text, -1);
    int height;
    pango_layout_get_pixel_size(layout, NULL, &height);
    colour(c, rgb);
    cairo_move_to(c, x_mm * CARD_MM, middle_mm * CARD_MM - height / 2.0);
    pango_cairo_show_layout(c, layout);
    pango_font_description_free(description);
    g_object_unref(layout);
}

/* The digits are spread evenly, as on the card. */
static void put_number(cairo_t *c, const char *font, const char *number)
{
    char digit[2] = "";
    for (int i = 0; number[i] != '\0'; i++) {
        digit[0] = number[i];
        put(c, font, digit, 29.0 + 2.75 * i, 47.2, 4.4, 0x161616);
    }
}

/* Coloured ground with fine waves, like security print. */
static void ground(cairo_t *c)
{
    cairo_pattern_t *slope = cairo_pattern_create_linear(0, 0, FLAT_WIDTH, FLAT_HEIGHT);
    cairo_pattern_add_color_stop_rgb(slope, 0.0, 0.87, 0.93, 0.95);
    cairo_pattern_add_color_stop_rgb(slope, 0.5, 0.95, 0.90, 0.90);
    cairo_pattern_add_color_stop_rgb(slope, 1.0, 0.84, 0.92, 0.93);
    cairo_set_source(c, slope);
    cairo_paint(c);
    cairo_pattern_destroy(slope);
    cairo_set_line_width(c, 1.2);
    for (int line = 0; line < 60; line++) {
        cairo_set_source_rgba(c, line % 3 == 0 ? 0.80 : 0.60, 0.72, line % 2 == 0 ? 0.80 : 0.70, 0.5);
        for (double x = 0; x <= FLAT_WIDTH; x += 12)
            cairo_line_to(c, x, line * 15.0 + 14 * sin(x / 90.0 + line * 0.35));
        cairo_stroke(c);
    }
}

static void ellipse(cairo_t *c, double x, double y, double rx, double ry)
{
    cairo_save(c);
    cairo_translate(c, x, y);
    cairo_scale(c, rx, ry);
    cairo_new_path(c);
    cairo_arc(c, 0, 0, 1, 0, 2 * PI);
    cairo_restore(c);
}

/* A soft round shade: what a detector of gradients takes for a face is mostly light and dark in the right places. */
static void shade(cairo_t *c, double x, double y, double rx, double ry, double grey, double strength)
{
    cairo_save(c);
    cairo_translate(c, x, y);
    cairo_scale(c, rx, ry);
    cairo_pattern_t *round = cairo_pattern_create_radial(0, 0, 0, 0, 0, 1);
    cairo_pattern_add_color_stop_rgba(round, 0, grey, grey * 0.8, grey * 0.7, strength);
    cairo_pattern_add_color_stop_rgba(round, 1, grey, grey * 0.8, grey * 0.7, 0);
    cairo_set_source(c, round);
    cairo_new_path(c);
    cairo_arc(c, 0, 0, 1, 0, 2 * PI);
    cairo_fill(c);
    cairo_pattern_destroy(round);
    cairo_restore(c);
}

static void draw_eye(cairo_t *c, double x, double skin)
{
    shade(c, x, -0.10, 0.24, 0.16, 0.35, 0.55);
    colour(c, 0xf0e8e4);
    ellipse(c, x, -0.09, 0.13, 0.055);
    cairo_fill(c);
    colour(c, 0x1c1410);
    ellipse(c, x, -0.09, 0.06, 0.058);
    cairo_fill(c);
    cairo_set_line_width(c, 0.035);
    cairo_move_to(c, x - 0.15, -0.08);
    cairo_curve_to(c, x - 0.07, -0.17, x + 0.07, -0.17, x + 0.15, -0.08);
    cairo_stroke(c);
    cairo_set_line_width(c, 0.05);
    cairo_set_source_rgba(c, 0.1, 0.08, 0.06, skin);
    cairo_move_to(c, x - 0.19, -0.27);
    cairo_curve_to(c, x - 0.08, -0.34, x + 0.08, -0.34, x + 0.19, -0.27);
    cairo_stroke(c);
}

/* In units of the face's half width, middle between eyes and mouth at (0, 0). */
static void draw_features(cairo_t *c)
{
    draw_eye(c, -0.37, 0.9);
    draw_eye(c, 0.37, 0.9);
    shade(c, -0.10, 0.22, 0.10, 0.28, 0.55, 0.35);
    shade(c, 0.10, 0.22, 0.10, 0.28, 0.55, 0.35);
    shade(c, 0, 0.42, 0.24, 0.09, 0.30, 0.6);
    shade(c, 0, 0.16, 0.05, 0.22, 1.0, 0.5);
    cairo_set_source_rgb(c, 0.62, 0.28, 0.27);
    ellipse(c, 0, 0.70, 0.27, 0.075);
    cairo_fill(c);
    cairo_set_source_rgb(c, 0.30, 0.12, 0.12);
    cairo_set_line_width(c, 0.03);
    cairo_move_to(c, -0.27, 0.69);
    cairo_curve_to(c, -0.1, 0.72, 0.1, 0.72, 0.27, 0.69);
    cairo_stroke(c);
    shade(c, 0, 0.86, 0.22, 0.07, 0.35, 0.45);
}

static void draw_head(cairo_t *c, bool long_hair)
{
    colour(c, 0x17120f);
    ellipse(c, 0, -0.35, 1.10, 1.15);
    cairo_fill(c);
    if (long_hair) {
        cairo_rectangle(c, -1.08, -0.35, 2.16, 2.1);
        cairo_fill(c);
    }
    colour(c, 0x9c9690); /* clothes */
    ellipse(c, 0, 2.65, 1.95, 1.15);
    cairo_fill(c);
    colour(c, 0xc99f86);
    cairo_rectangle(c, -0.42, 0.7, 0.84, 1.1);
    cairo_fill(c);
    colour(c, 0xe6bfa6);
    cairo_new_path(c);
    cairo_move_to(c, -0.88, -0.45);
    cairo_curve_to(c, -0.90, 0.45, -0.62, 1.20, 0, 1.25);
    cairo_curve_to(c, 0.62, 1.20, 0.90, 0.45, 0.88, -0.45);
    cairo_curve_to(c, 0.75, -1.05, -0.75, -1.05, -0.88, -0.45);
    cairo_fill(c);
    shade(c, -0.78, 0.3, 0.30, 0.9, 0.45, 0.40);
    shade(c, 0.78, 0.3, 0.30, 0.9, 0.45, 0.40);
    shade(c, 0, 1.15, 0.55, 0.22, 0.40, 0.40);
    draw_features(c);
}

#define PHOTO_X_MM      54.0
#define PHOTO_Y_MM      7.5
#define PHOTO_WIDTH_MM  26.0
#define PHOTO_HEIGHT_MM 32.0

static void paste_face(cairo_t *c, const struct image *face)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, face->width_px, face->height_px);
    for (int32_t y = 0; y < face->height_px; y++) {
        uint32_t *row = (uint32_t *)(void *)(cairo_image_surface_get_data(surface) +
                                             (ptrdiff_t)y * cairo_image_surface_get_stride(surface));
        const unsigned char *from = face->rgb + (size_t)y * (size_t)face->width_px * 3;
        for (int32_t x = 0; x < face->width_px; x++, from += 3)
            row[x] = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
    }
    cairo_surface_mark_dirty(surface);
    double scale = fmax(PHOTO_WIDTH_MM * CARD_MM / face->width_px, PHOTO_HEIGHT_MM * CARD_MM / face->height_px);
    cairo_translate(c, PHOTO_WIDTH_MM * CARD_MM / 2, PHOTO_HEIGHT_MM * CARD_MM / 2);
    cairo_scale(c, scale, scale);
    cairo_set_source_surface(c, surface, -face->width_px / 2.0, -face->height_px / 2.0);
    cairo_paint(c);
    cairo_surface_destroy(surface);
}

static void draw_photo(cairo_t *c, const struct image *face, bool long_hair)
{
    cairo_save(c);
    cairo_translate(c, PHOTO_X_MM * CARD_MM, PHOTO_Y_MM * CARD_MM);
    cairo_rectangle(c, 0, 0, PHOTO_WIDTH_MM * CARD_MM, PHOTO_HEIGHT_MM * CARD_MM);
    cairo_clip(c);
    if (face != NULL) {
        paste_face(c, face);
    } else {
        colour(c, 0xf4f5f4);
        cairo_paint(c);
        cairo_translate(c, PHOTO_WIDTH_MM * CARD_MM / 2, 15.5 * CARD_MM);
        cairo_scale(c, 7.6 * CARD_MM, 7.6 * CARD_MM);
        draw_head(c, long_hair);
    }
    cairo_restore(c);
}

static void to_image(cairo_surface_t *surface, struct image *out)
{
    cairo_surface_flush(surface);
    *out = (struct image){FLAT_WIDTH, FLAT_HEIGHT, malloc((size_t)FLAT_WIDTH * FLAT_HEIGHT * 3)};
    CHECK(out->rgb != NULL);
    for (int y = 0; y < FLAT_HEIGHT; y++) {
        const uint32_t *row = (const uint32_t *)(const void *)(cairo_image_surface_get_data(surface) +
                                                               (ptrdiff_t)y * cairo_image_surface_get_stride(surface));
        unsigned char *to = out->rgb + (size_t)y * FLAT_WIDTH * 3;
        for (int x = 0; x < FLAT_WIDTH; x++, to += 3)
            to[0] = (unsigned char)(row[x] >> 16), to[1] = (unsigned char)(row[x] >> 8), to[2] = (unsigned char)row[x];
    }
}

static void put_fields(cairo_t *c, const struct drawn_person *person)
{
    enum { BLUE = 0x4d7fa8, BLACK = 0x1c1c1c };
    char text[16];
    double size = 3.3, label = 2.9;
    put(c, fonts, "姓名", 5.5, 8.0, label, BLUE);
    put(c, fonts, person->name, 15.0, 8.0, 3.9, BLACK);
    put(c, fonts, "性别", 5.5, 15.2, label, BLUE);
    put(c, fonts, person->male ? "男" : "女", 15.0, 15.2, size, BLACK);
    put(c, fonts, "民族", 25.0, 15.2, label, BLUE);
    put(c, fonts, person->nation, 33.0, 15.2, size, BLACK);
    put(c, fonts, "出生", 5.5, 21.8, label, BLUE);
    snprintf(text, sizeof text, "%d", person->year);
    put(c, fonts, text, 15.0, 21.8, size, BLACK);
    put(c, fonts, "年", 24.0, 21.8, label, BLUE);
    snprintf(text, sizeof text, "%d", person->month);
    put(c, fonts, text, 29.0, 21.8, size, BLACK);
    put(c, fonts, "月", 34.0, 21.8, label, BLUE);
    snprintf(text, sizeof text, "%d", person->day);
    put(c, fonts, text, 38.5, 21.8, size, BLACK);
    put(c, fonts, "日", 43.5, 21.8, label, BLUE);
    put(c, fonts, "住址", 5.5, 28.6, label, BLUE);
    /* Eleven characters a line: whole code points of three bytes each in this made-up text, but for digits. */
    size_t cut = 0;
    for (int chars = 0; person->address[cut] != '\0' && chars < 11; chars++)
        cut += (unsigned char)person->address[cut] < 0x80 ? 1 : 3;
    char first[96];
    snprintf(first, sizeof first, "%.*s", (int)cut, person->address);
    put(c, fonts, first, 15.0, 28.6, size, BLACK);
    put(c, fonts, person->address + cut, 15.0, 33.4, size, BLACK);
    put(c, fonts, "公民身份号码", 5.5, 47.2, label, BLUE);
}

void draw_card(struct draw_random *random, const struct drawn_person *person, const struct image *face,
               struct image *out)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, FLAT_WIDTH, FLAT_HEIGHT);
    cairo_t *c = cairo_create(surface);
    ground(c);
    draw_photo(c, face, !person->male);
    put_fields(c, person);
    put_number(c, number_fonts[draw_pick(random, countof(number_fonts))], person->number);
    to_image(surface, out);
    cairo_destroy(c);
    cairo_surface_destroy(surface);
}

void draw_validity(struct draw_random *random, struct drawn_validity *validity)
{
    static const int lasts[] = {5, 10, 20, 20, 0};
    int year = 2008 + draw_pick(random, 18), month = 1 + draw_pick(random, 12), day = 1 + draw_pick(random, 28);
    int last = lasts[draw_pick(random, countof(lasts))];
    snprintf(validity->from, sizeof validity->from, "%04d-%02d-%02d", year, month, day);
    if (last == 0)
        snprintf(validity->until, sizeof validity->until, "long");
    else
        snprintf(validity->until, sizeof validity->until, "%04d-%02d-%02d", year + last, month, day);
}

/* "2016.05.01-2036.05.01", or 长期 at its end. */
static void put_validity(cairo_t *c, const struct drawn_validity *validity)
{
    char text[64];
    bool is_long = validity->until[0] == 'l';
    snprintf(text, sizeof text, "%s-%s", validity->from, is_long ? "长期" : validity->until);
    for (char *dash = text; (dash = strchr(dash, '-')) != NULL;)
        *dash = dash == text + 10 ? '-' : '.', dash++;
    put(c, fonts, "有效期限", 20, 46.8, 2.9, 0x1c1c1c);
    put(c, fonts, text, 36, 46.8, 3.3, 0x1c1c1c);
}

void draw_emblem_side(const struct drawn_validity *validity, struct image *out)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, FLAT_WIDTH, FLAT_HEIGHT);
    cairo_t *c = cairo_create(surface);
    ground(c);
    colour(c, 0xc8262b);
    ellipse(c, 13 * CARD_MM, 13 * CARD_MM, 8 * CARD_MM, 8.5 * CARD_MM);
    cairo_fill(c);
    colour(c, 0xe9b94a);
    ellipse(c, 13 * CARD_MM, 13 * CARD_MM, 4 * CARD_MM, 4 * CARD_MM);
    cairo_fill(c);
    put(c, fonts, "中华人民共和国", 30, 12, 5.2, 0x1c1c1c);
    put(c, fonts, "居 民 身 份 证", 26, 22, 7.0, 0x1c1c1c);
    put(c, fonts, "签发机关", 20, 40.2, 2.9, 0x1c1c1c);
    put(c, fonts, "某某市公安局某某分局", 36, 40.2, 3.3, 0x1c1c1c);
    put_validity(c, validity);
    to_image(surface, out);
    cairo_destroy(c);
    cairo_surface_destroy(surface);
}

void draw_grey(struct image *card)
{
    size_t count = (size_t)card->width_px * (size_t)card->height_px;
    for (unsigned char *p = card->rgb; count > 0; count--, p += 3)
        p[0] = p[1] = p[2] = (unsigned char)((p[0] * 77 + p[1] * 150 + p[2] * 29) >> 8);
}
