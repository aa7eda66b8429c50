#include "workers/idcard_validity.h"

#include "base/text.h"

static const struct resample_area where = {0.395, 0.795, 0.590, 0.145};

#define HEIGHT_MIN  0.030 /* of the line, in shares of the card */
#define HEIGHT_MAX  0.110
#define DIGITS_DATE 8
#define AGREE       2

static const struct {
    struct card_print print;
    enum ocr_layout layout;
} tries[] = {
    {{36, 0.45, 0, false}, OCR_LINE}, {{48, 0.55, 0, true}, OCR_RAW},       {{30, 0.40, 0.04, false}, OCR_BLOCK},
    {{60, 0.50, 0, false}, OCR_LINE}, {{40, 0.60, -0.04, true}, OCR_BLOCK},
};

/* ---- the rule ---- */

static bool date_of(const char *digits, char out[11])
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0, month = (digits[4] - '0') * 10 + digits[5] - '0', day = (digits[6] - '0') * 10 + digits[7] - '0';
    for (int i = 0; i < 4; i++)
        year = year * 10 + digits[i] - '0';
    if (year < 1985 || year > 2099 || month < 1 || month > 12 || day < 1 || day > days[month - 1])
        return false;
    snprintf(out, 11, "%.4s-%.2s-%.2s", digits, digits + 4, digits + 6);
    return true;
}

static int year_of(const char *date)
{
    return (date[0] - '0') * 1000 + (date[1] - '0') * 100 + (date[2] - '0') * 10 + date[3] - '0';
}

/* 29 February ends on the 28th or on 1 March where there is none. */
static bool same_day(const char *from, const char *until)
{
    if (text_is(from + 5, until + 5))
        return true;
    return text_is(from + 5, "02-29") && (text_is(until + 5, "02-28") || text_is(until + 5, "03-01"));
}

bool card_validity_parse(const char *text, bool is_long, struct card_validity *out)
{
    char digits[2 * DIGITS_DATE + 1];
    size_t count = 0;
    *out = (struct card_validity){.found = false};
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            continue;
        if (count == 2 * DIGITS_DATE)
            return false;
        digits[count++] = *text;
    }
    if (count != (is_long ? DIGITS_DATE : 2 * DIGITS_DATE) || !date_of(digits, out->from))
        return false;
    if (is_long) {
        snprintf(out->until, sizeof out->until, "long");
    } else {
        if (!date_of(digits + DIGITS_DATE, out->until))
            return false;
        int years = year_of(out->until) - year_of(out->from);
        if ((years != 5 && years != 10 && years != 20) || !same_day(out->from, out->until))
            return false;
    }
    out->found = true;
    return true;
}

/* ---- reading ---- */

/* 长期 is for the reader of Chinese; it is asked only when there is one date alone. */
static enum err reads_long(const struct plane *cut, enum ocr_layout layout, bool *is_long)
{
    struct ocr_text text;
    *is_long = false;
    if (!ocr_has(OCR_NAME))
        return ERR_NONE;
    TRY(ocr_read(OCR_NAME, layout == OCR_RAW ? OCR_LINE : layout, cut->values, cut->width_px, cut->height_px, &text));
    *is_long = strstr(text.text, "长期") != NULL;
    return ERR_NONE;
}

static size_t digits_in(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text >= '0' && *text <= '9';
    return count;
}

static enum err read_cut(const struct plane *cut, enum ocr_layout layout, struct card_validity *out)
{
    struct ocr_text text;
    bool is_long = false;
    *out = (struct card_validity){.found = false};
    TRY(ocr_read(OCR_DATE, layout, cut->values, cut->width_px, cut->height_px, &text));
    if (digits_in(text.text) == 2 * DIGITS_DATE) {
        (void)card_validity_parse(text.text, false, out);
        return ERR_NONE;
    }
    TRY(reads_long(cut, layout, &is_long));
    /* Behind the date the reader of digits may make something of 长期: only its beginning counts. */
    char first[OCR_TEXT_BYTES];
    size_t count = 0, len = 0;
    for (; text.text[len] != '\0' && count < DIGITS_DATE; len++)
        count += text.text[len] >= '0' && text.text[len] <= '9';
    snprintf(first, sizeof first, "%.*s", (int)len, text.text);
    if (is_long)
        (void)card_validity_parse(first, true, out);
    return ERR_NONE;
}

static enum err read_once(const struct image *picture, const struct card_plane *plane, const struct resample_area *line,
                          size_t n, struct card_validity *out)
{
    struct plane cut = {0};
    TRY(card_print_cut(picture, plane, line, &tries[n].print, &cut));
    enum err e = read_cut(&cut, tries[n].layout, out);
    plane_release(&cut);
    return e;
}

enum err card_validity_read(const struct image *picture, const struct card_plane *plane, struct card_validity *out)
{
    struct card_validity readings[countof(tries)];
    struct resample_area line;
    bool found;
    *out = (struct card_validity){.found = false};
    TRY(card_line_of_print(picture, plane, &where, &line, &found));
    if (!found || line.height_px < HEIGHT_MIN || line.height_px > HEIGHT_MAX)
        return ERR_NONE;
    for (size_t i = 0; i < countof(tries); i++) {
        int agree = 1;
        TRY(read_once(picture, plane, &line, i, &readings[i]));
        for (size_t k = 0; readings[i].found && k < i; k++) {
            if (!readings[k].found)
                continue;
            if (!text_is(readings[k].from, readings[i].from) || !text_is(readings[k].until, readings[i].until))
                return ERR_NONE; /* two that keep the rule and differ: neither is sure */
            agree++;
        }
        if (readings[i].found && agree >= AGREE) {
            *out = readings[i];
            return ERR_NONE;
        }
    }
    return ERR_NONE;
}
