#include "workers/poster.h"

#include "base/text.h"
#include "workers/qr.h"
#include "workers/sheet.h"

#include <cairo/cairo-pdf.h>
#include <pango/pangocairo.h>

#define POINTS_PER_MM  (72.0 / 25.4)
#define PAGE_WIDTH_MM  210.0
#define PAGE_HEIGHT_MM 297.0
#define MARGIN_MM      18.0
#define TEXT_WIDTH_MM  (PAGE_WIDTH_MM - 2 * MARGIN_MM)

/* From top to bottom; sizes of type in points. */
#define SCHOOL_TOP_MM  18.0
#define SCHOOL_PT      22.0
#define TITLE_TOP_MM   30.0
#define TITLE_PT       32.0
#define QR_TOP_MM      50.0
#define QR_SIDE_MM     104.0 /* with its quiet zone */
#define SCAN_TOP_MM    156.0
#define SCAN_PT        15.0
#define CODE_TOP_MM    168.0
#define CODE_PT        54.0
#define CODE_LABEL_PT  15.0
#define NOTES_TOP_MM   199.0
#define NOTE_PT        14.0
#define NOTE_STEP_MM   7.4
#define STEPS_TOP_MM   233.0
#define STEP_TITLE_PT  15.0
#define STEP_TEXT_PT   11.0
#define STEP_NUMBER_MM 9.0
#define FOOTER_TOP_MM  281.0
#define FOOTER_PT      11.0
#define SMALLEST       0.5 /* of the size wanted; then the text is cut */

/* Everything is laid out at this size and scaled when drawn: a font at another size would have to be opened again, and
 * behind the sandbox there is no file (warmup.h). */
#define LAYOUT_PT 12.0

#define TURN (2 * 3.14159265358979323846)

/* Ink that a black-and-white printer turns into clear black and grey. */
static const double ink[] = {0.08, 0.10, 0.13}, soft[] = {0.33, 0.36, 0.40}, accent[] = {0.06, 0.36, 0.62};

struct step {
    const char *title, *text;
};

struct poster {
    const char *url, *code, *code_label, *school, *title, *footer, *scan;
    const char *notes[POSTER_NOTES_MAX];
    struct step steps[POSTER_STEPS_MAX];
    size_t note_count, step_count;
    struct qr qr;
    int missing_glyphs;
    struct sheet_fonts *fonts;
    cairo_t *cr; /* in millimetres */
};

/* ---- the request ---- */

static bool is_text(const char *text)
{
    return text_chars(text) <= POSTER_CHARS_MAX && text_is_control_free(text);
}

static bool read_lists(const struct json *request, struct poster *p)
{
    const struct json *notes = json_at(request, "notes"), *steps = json_at(request, "steps");
    for (const struct json *one = notes != NULL ? notes->first : NULL; one != NULL; one = one->next) {
        if (p->note_count == POSTER_NOTES_MAX || one->kind != JSON_TEXT || !is_text(one->text))
            return false;
        p->notes[p->note_count++] = one->text;
    }
    for (const struct json *one = steps != NULL ? steps->first : NULL; one != NULL; one = one->next) {
        if (p->step_count == POSTER_STEPS_MAX)
            return false;
        struct step *step = &p->steps[p->step_count++];
        *step = (struct step){json_text_at(one, "title", ""), json_text_at(one, "text", "")};
        if (!is_text(step->title) || !is_text(step->text))
            return false;
    }
    return true;
}

static enum err read_request(const struct json *request, struct poster *p, struct arena *arena, struct job_reply *reply)
{
    const struct {
        const char *name, **text;
    } texts[] = {{"url", &p->url},       {"code", &p->code},   {"code_label", &p->code_label},
                 {"school", &p->school}, {"title", &p->title}, {"footer", &p->footer},
                 {"scan", &p->scan}};
    bool good = true;
    for (size_t i = 0; i < countof(texts); i++) {
        *texts[i].text = json_text_at(request, texts[i].name, "");
        good = good && (texts[i].text == &p->url || is_text(*texts[i].text));
    }
    size_t len = strlen(p->code);
    good = good && (len == 6 || len == 8) && read_lists(request, p);
    if (good && qr_make(p->url, arena, &p->qr) == ERR_NONE)
        return ERR_NONE;
    snprintf(reply->why, sizeof reply->why, "A text of the poster is missing or too long.");
    return ERR_BAD_FIELD;
}

/* ---- drawing; units are millimetres ---- */

static PangoLayout *layout_of(struct poster *p, const char *text, double scale, double width_mm)
{
    PangoLayout *layout = pango_layout_new(sheet_fonts_context(p->fonts));
    PangoFontDescription *font = pango_font_description_from_string(sheet_fonts_families(p->fonts));
    pango_font_description_set_absolute_size(font, LAYOUT_PT * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, text, -1);
    pango_layout_set_width(layout, (int)(width_mm * POINTS_PER_MM / scale * PANGO_SCALE));
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
    pango_font_description_free(font);
    return layout;
}

/* Centred around middle_mm in at most `lines` lines; smaller rather than cut. */
static void put_text(struct poster *p, const char *text, double size_pt, double middle_mm, double top_mm,
                     double width_mm, int lines, const double colour[3])
{
    double scale = size_pt / LAYOUT_PT, smallest = scale * SMALLEST;
    PangoLayout *layout = layout_of(p, text, scale, width_mm);
    pango_layout_set_height(layout, -lines);
    while (pango_layout_is_ellipsized(layout) && scale * 0.9 >= smallest) {
        scale *= 0.9;
        pango_layout_set_width(layout, (int)(width_mm * POINTS_PER_MM / scale * PANGO_SCALE));
    }
    p->missing_glyphs += pango_layout_get_unknown_glyphs_count(layout);
    cairo_save(p->cr);
    cairo_translate(p->cr, middle_mm - width_mm / 2, top_mm);
    cairo_scale(p->cr, scale / POINTS_PER_MM, scale / POINTS_PER_MM);
    cairo_set_source_rgb(p->cr, colour[0], colour[1], colour[2]);
    pango_cairo_show_layout(p->cr, layout);
    cairo_restore(p->cr);
    g_object_unref(layout);
}

static void put_line(struct poster *p, const char *text, double size_pt, double top_mm, const double colour[3])
{
    put_text(p, text, size_pt, PAGE_WIDTH_MM / 2, top_mm, TEXT_WIDTH_MM, 1, colour);
}

/* Runs of dark modules as one rectangle each: no hairlines between them, whatever draws the PDF. */
static void put_qr(struct poster *p)
{
    double module_mm = QR_SIDE_MM / (p->qr.side + 2 * QR_QUIET_MODULES);
    double left_mm = (PAGE_WIDTH_MM - module_mm * p->qr.side) / 2, top_mm = QR_TOP_MM + module_mm * QR_QUIET_MODULES;
    cairo_set_source_rgb(p->cr, 0, 0, 0);
    for (int row = 0; row < p->qr.side; row++)
        for (int column = 0; column < p->qr.side; column++) {
            const unsigned char *dark = p->qr.dark + row * p->qr.side;
            int end = column;
            while (end < p->qr.side && dark[end])
                end++;
            if (end > column)
                cairo_rectangle(p->cr, left_mm + column * module_mm, top_mm + row * module_mm,
                                (end - column) * module_mm, module_mm);
            column = end;
        }
    cairo_fill(p->cr);
}

/* "2510 3003": digits in groups are read aloud and typed without a slip. */
static void put_code(struct poster *p)
{
    char shown[16];
    size_t half = strlen(p->code) / 2;
    snprintf(shown, sizeof shown, "%.*s %s", (int)half, p->code, p->code + half);
    put_line(p, p->code_label, CODE_LABEL_PT, CODE_TOP_MM, soft);
    put_line(p, shown, CODE_PT, CODE_TOP_MM + 6, ink);
}

static void put_steps(struct poster *p)
{
    double width_mm = TEXT_WIDTH_MM / (p->step_count > 0 ? (double)p->step_count : 1);
    for (size_t i = 0; i < p->step_count; i++) {
        char number[8];
        double middle_mm = MARGIN_MM + width_mm * ((double)i + 0.5);
        snprintf(number, sizeof number, "%zu", i + 1);
        cairo_set_source_rgb(p->cr, accent[0], accent[1], accent[2]);
        cairo_arc(p->cr, middle_mm, STEPS_TOP_MM + STEP_NUMBER_MM / 2, STEP_NUMBER_MM / 2, 0, TURN);
        cairo_fill(p->cr);
        put_text(p, number, STEP_TITLE_PT, middle_mm, STEPS_TOP_MM + 1.2, STEP_NUMBER_MM, 1, (const double[]){1, 1, 1});
        put_text(p, p->steps[i].title, STEP_TITLE_PT, middle_mm, STEPS_TOP_MM + 12, width_mm - 4, 1, ink);
        put_text(p, p->steps[i].text, STEP_TEXT_PT, middle_mm, STEPS_TOP_MM + 20, width_mm - 4, 4, soft);
    }
}

static void draw(struct poster *p)
{
    put_line(p, p->school, SCHOOL_PT, SCHOOL_TOP_MM, soft);
    put_line(p, p->title, TITLE_PT, TITLE_TOP_MM, ink);
    put_qr(p);
    put_line(p, p->scan, SCAN_PT, SCAN_TOP_MM, ink);
    put_code(p);
    for (size_t i = 0; i < p->note_count; i++)
        put_line(p, p->notes[i], NOTE_PT, NOTES_TOP_MM + NOTE_STEP_MM * (double)i, ink);
    put_steps(p);
    put_line(p, p->footer, FOOTER_PT, FOOTER_TOP_MM, soft);
}

static cairo_status_t take_bytes(void *closure, const unsigned char *bytes, unsigned len)
{
    struct buf *out = closure;
    buf_add(out, bytes, len);
    return out->over ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static enum err make_pdf(struct poster *p, struct buf *out)
{
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(take_bytes, out, PAGE_WIDTH_MM * POINTS_PER_MM,
                                                                   PAGE_HEIGHT_MM * POINTS_PER_MM);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, p->title);
    p->cr = cairo_create(surface);
    cairo_scale(p->cr, POINTS_PER_MM, POINTS_PER_MM);
    draw(p);
    cairo_show_page(p->cr);
    cairo_status_t drawn = cairo_status(p->cr);
    cairo_destroy(p->cr);
    cairo_surface_finish(surface);
    cairo_status_t finished = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (out->over)
        return ERR_TOO_LARGE;
    return drawn == CAIRO_STATUS_SUCCESS && finished == CAIRO_STATUS_SUCCESS ? ERR_NONE : ERR_WORKER;
}

enum err job_poster(struct job_tools *tools, const struct json *request, const struct frame *frame,
                    struct job_reply *reply)
{
    struct poster poster = {.fonts = tools->fonts};
    (void)frame;
    if (tools->fonts == NULL) {
        snprintf(reply->why, sizeof reply->why, "No CJK font is installed (fonts-wqy-microhei or fonts-noto-cjk).");
        return ERR_WORKER;
    }
    TRY(read_request(request, &poster, tools->arena, reply));
    TRY(make_pdf(&poster, &reply->parts[0]));
    reply->part_count = 1;
    json_object_open(&reply->json);
    json_put_text(&reply->json, "kind", "poster");
    json_put_int(&reply->json, "modules", poster.qr.side);
    json_put_int(&reply->json, "missing_glyphs", poster.missing_glyphs);
    json_name(&reply->json, "parts");
    json_array_open(&reply->json);
    json_text(&reply->json, "pdf");
    json_array_close(&reply->json);
    json_object_close(&reply->json);
    return ERR_NONE;
}
