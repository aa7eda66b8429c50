#include "workers/idcard_read.h"

#include "base/person_name.h"
#include "base/text.h"

#include <math.h>

/* Where the number and the name are looked for, generously; the line is found inside. */
static const struct resample_area number_where = {0.310, 0.770, 0.680, 0.200};
static const struct resample_area name_where = {0.155, 0.070, 0.430, 0.150};

/* The number's own size, in shares of the card. */
#define NUMBER_LEFT_MIN   0.31
#define NUMBER_LEFT_MAX   0.52 /* the first digits may be lost in a reflection */
#define NUMBER_WIDTH_MIN  0.34
#define NUMBER_WIDTH_MAX  0.66
#define NUMBER_HEIGHT_MIN 0.035
#define NUMBER_HEIGHT_MAX 0.105
#define NUMBER_LEFT       0.338
#define NUMBER_WIDTH      0.57
#define NUMBER_HEIGHT     0.064

enum err card_number_line(const struct image *picture, const struct card_plane *plane, struct resample_area *line,
                          double *fits)
{
    bool found;
    *fits = 0;
    TRY(card_line_of_print(picture, plane, &number_where, line, &found));
    if (!found || line->x_px < NUMBER_LEFT_MIN || line->x_px > NUMBER_LEFT_MAX || line->width_px < NUMBER_WIDTH_MIN ||
        line->width_px > NUMBER_WIDTH_MAX || line->height_px < NUMBER_HEIGHT_MIN || line->height_px > NUMBER_HEIGHT_MAX)
        return ERR_NONE;
    double width = log(line->width_px / NUMBER_WIDTH) / 0.1, height = log(line->height_px / NUMBER_HEIGHT) / 0.25;
    *fits = exp(-0.5 * (width * width / 4 + height * height));
    double right = fmax(line->x_px + line->width_px, NUMBER_LEFT + NUMBER_WIDTH + 0.01);
    line->x_px = fmin(line->x_px, NUMBER_LEFT); /* print that was too pale to be found may still be read */
    line->width_px = right - line->x_px;
    return ERR_NONE;
}

/* ---- number ---- */

/* In the order they are tried; neighbours differ in as much as they can. */
static const struct {
    struct card_print print;
    enum ocr_layout layout;
} tries[] = {
    {{36, 0.45, 0, false}, OCR_RAW},     {{48, 0.55, 0, true}, OCR_LINE},     {{28, 0.40, 0.04, false}, OCR_BLOCK},
    {{60, 0.50, -0.04, false}, OCR_RAW}, {{40, 0.70, 0.06, true}, OCR_BLOCK}, {{32, 0.80, 0, false}, OCR_LINE},
};

#define HOPELESS_TRIES 2  /* after so many … */
#define HOPELESS_CHARS 12 /* … of which none has as many characters, it is no number */
#define AHEAD          2  /* readings that agree, beyond those that contradict */
#define DISSENT_CHARS  16 /* a shorter reading contradicts nothing */

struct readings {
    size_t count;
    char texts[countof(tries)][OCR_TEXT_BYTES];
};

/* What stands before the last 18 characters may be the end of the label. */
static void reading_add(struct readings *readings, const char *text)
{
    size_t len = strlen(text);
    if (len > RESIDENT_NUMBER_CHARS && resident_number_valid(text + len - RESIDENT_NUMBER_CHARS))
        text += len - RESIDENT_NUMBER_CHARS;
    snprintf(readings->texts[readings->count++], OCR_TEXT_BYTES, "%s", text);
}

/* Lost characters do not contradict a number, other ones do. */
static bool contradicts(const char *reading, const char *number)
{
    if (strlen(reading) < DISSENT_CHARS)
        return false;
    for (; *reading != '\0'; reading++, number++) {
        while (*number != '\0' && *number != *reading)
            number++;
        if (*number == '\0')
            return true;
    }
    return false;
}

/* Found when a valid number is AHEAD readings ahead of all that contradict it, and no other valid one was read. */
static void number_decide(const struct readings *readings, struct card_number *out)
{
    const char *number = NULL;
    int agree = 0, dissent = 0;
    for (size_t i = 0; i < readings->count; i++) {
        if (!resident_number_valid(readings->texts[i]))
            continue;
        if (number != NULL && !text_is(number, readings->texts[i]))
            return;
        number = readings->texts[i];
        agree++;
    }
    for (size_t i = 0; number != NULL && i < readings->count; i++)
        dissent += contradicts(readings->texts[i], number);
    out->found = number != NULL && agree - dissent >= AHEAD;
    if (out->found)
        memcpy(out->text, number, sizeof out->text);
}

enum err card_number_read(const struct image *picture, const struct card_plane *plane, const struct resample_area *line,
                          struct card_number *out)
{
    struct readings readings = {0};
    size_t most_chars = 0;
    *out = (struct card_number){.found = false};
    for (size_t i = 0; i < countof(tries) && !out->found && (i < HOPELESS_TRIES || most_chars >= HOPELESS_CHARS); i++) {
        struct plane cut = {0};
        struct ocr_text text;
        TRY(card_print_cut(picture, plane, line, &tries[i].print, &cut));
        enum err e = ocr_read(OCR_NUMBER, tries[i].layout, cut.values, cut.width_px, cut.height_px, &text);
        plane_release(&cut);
        if (e != ERR_NONE)
            return e;
        out->readings++;
        most_chars = strlen(text.text) > most_chars ? strlen(text.text) : most_chars;
        reading_add(&readings, text.text);
        number_decide(&readings, out);
    }
    return ERR_NONE;
}

/* ---- name ---- */

#define NAME_CHARS_MAX  32
#define NAME_TRIES      3
#define NAME_GOOD_MIN   0.99 /* nothing better can come */
#define NAME_HEIGHT_MIN 0.04
#define NAME_HEIGHT_MAX 0.14

/* The code points of UTF-8, as far as they fit. */
static size_t points_of(const char *text, uint32_t points[NAME_CHARS_MAX])
{
    size_t count = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0' && count < NAME_CHARS_MAX;) {
        int more = *c >= 0xf0 ? 3 : *c >= 0xe0 ? 2 : *c >= 0xc0 ? 1 : 0;
        uint32_t point = more == 0 ? *c : *c & (0x3fu >> more);
        for (c++; more > 0 && (*c & 0xc0) == 0x80; more--, c++)
            point = point << 6 | (*c & 0x3fu);
        points[count++] = point;
    }
    return count;
}

double card_text_similarity(const char *a, const char *b)
{
    uint32_t x[NAME_CHARS_MAX], y[NAME_CHARS_MAX];
    size_t rows = points_of(a, x), columns = points_of(b, y), edits[NAME_CHARS_MAX + 1];
    if (rows == 0 || columns == 0)
        return 0;
    for (size_t j = 0; j <= columns; j++)
        edits[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        size_t diagonal = edits[0];
        edits[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t replaced = diagonal + (x[i - 1] != y[j - 1]);
            size_t fewer = edits[j] < edits[j - 1] ? edits[j] + 1 : edits[j - 1] + 1;
            diagonal = edits[j];
            edits[j] = replaced < fewer ? replaced : fewer;
        }
    }
    return 1 - (double)edits[columns] / (double)(rows > columns ? rows : columns);
}

static const struct card_print name_prints[NAME_TRIES] = {
    {40, 0.35, 0, false}, {56, 0.30, 0, false}, {32, 0.50, 0, false}};

/* Where the name stands; found false also without a model. */
static enum err find_name(const struct image *picture, const struct card_plane *plane, struct resample_area *line,
                          bool *found)
{
    *found = false;
    if (!ocr_has(OCR_NAME))
        return ERR_NONE;
    TRY(card_line_of_print(picture, plane, &name_where, line, found));
    *found = *found && line->height_px >= NAME_HEIGHT_MIN && line->height_px <= NAME_HEIGHT_MAX;
    return ERR_NONE;
}

static enum err read_name(const struct image *picture, const struct card_plane *plane, const struct resample_area *line,
                          int n, struct ocr_text *text)
{
    struct plane cut = {0};
    TRY(card_print_cut(picture, plane, line, &name_prints[n], &cut));
    enum err e = ocr_read(OCR_NAME, OCR_LINE, cut.values, cut.width_px, cut.height_px, text);
    plane_release(&cut);
    char name[PERSON_NAME_BYTES];
    if (e == ERR_NONE && person_name_normal(text->text, name) && strlen(name) < sizeof text->text)
        memcpy(text->text, name, strlen(name) + 1);
    return e;
}

enum err card_name_similarity(const struct image *picture, const struct card_plane *plane, const char *name,
                              double *similarity)
{
    struct resample_area line;
    char wanted[PERSON_NAME_BYTES];
    bool found;
    *similarity = NAN;
    if (person_name_normal(name, wanted))
        name = wanted;
    TRY(find_name(picture, plane, &line, &found));
    if (!found)
        return ERR_NONE;
    *similarity = 0;
    for (int i = 0; i < NAME_TRIES && *similarity < NAME_GOOD_MIN; i++) {
        struct ocr_text text;
        TRY(read_name(picture, plane, &line, i, &text));
        double like = card_text_similarity(text.text, name);
        *similarity = like > *similarity ? like : *similarity;
    }
    return ERR_NONE;
}

/* Two to fifteen Han characters, perhaps with middle dots between them. */
static bool looks_like_name(const char *text)
{
    uint32_t points[NAME_CHARS_MAX];
    size_t count = points_of(text, points);
    for (size_t i = 0; i < count; i++) {
        bool han = (points[i] >= 0x4e00 && points[i] <= 0x9fff) || (points[i] >= 0x3400 && points[i] <= 0x4dbf);
        bool dot = points[i] == 0xb7 && i > 0 && i + 1 < count;
        if (!han && !dot)
            return false;
    }
    return count >= 2 && count <= 15;
}

enum err card_name_propose(const struct image *picture, const struct card_plane *plane, char name[CARD_NAME_BYTES])
{
    struct ocr_text texts[NAME_TRIES];
    struct resample_area line;
    bool found;
    name[0] = '\0';
    TRY(find_name(picture, plane, &line, &found));
    for (int i = 0; found && i < NAME_TRIES; i++) {
        TRY(read_name(picture, plane, &line, i, &texts[i]));
        for (int k = 0; k < i; k++)
            if (text_is(texts[k].text, texts[i].text) && looks_like_name(texts[i].text)) {
                memcpy(name, texts[i].text, CARD_NAME_BYTES);
                return ERR_NONE;
            }
    }
    return ERR_NONE;
}
