#include "workers/sheet.h"

#include "base/text.h"
#include "workers/image.h"

#include <cairo/cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <unistd.h>

#define POINTS_PER_MM     (72.0 / 25.4)
#define GAP_MM            3.0
#define CAPTION_MM        5.0
#define CUT_LINE_MM       0.15
#define COPIES_MAX        16
#define FONT_SIZE_CAPTION 7.0 /* points */
#define FONT_SIZE_HEADING 9.0

/* ---- fonts ---- */

struct sheet_fonts {
    FcConfig *config;
    PangoFontMap *map;
    PangoContext *context;
    const char *families; /* in order of preference */
};

/* Debian's packages fonts-wqy-microhei, fonts-noto-cjk, fonts-droid-fallback. */
static const char *const font_files[] = {
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
};
static const char font_families[] = "WenQuanYi Micro Hei,Noto Sans CJK SC,Droid Sans Fallback";

struct sheet_fonts *sheet_fonts_new(void)
{
    FcConfig *config = FcConfigCreate(); /* empty: only the files named here, none of the system's rules */
    int added = 0;
    for (size_t i = 0; config != NULL && i < countof(font_files); i++)
        if (access(font_files[i], R_OK) == 0)
            added += FcConfigAppFontAddFile(config, (const FcChar8 *)font_files[i]) != FcFalse;
    struct sheet_fonts *fonts = added > 0 ? calloc(1, sizeof *fonts) : NULL;
    if (fonts == NULL) {
        if (config != NULL)
            FcConfigDestroy(config);
        return NULL;
    }
    fonts->config = config;
    fonts->map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
    pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(fonts->map), config);
    fonts->context = pango_font_map_create_context(fonts->map);
    fonts->families = font_families;
    return fonts;
}

void sheet_fonts_free(struct sheet_fonts *fonts)
{
    if (fonts == NULL)
        return;
    g_object_unref(fonts->context);
    g_object_unref(fonts->map);
    FcConfigDestroy(fonts->config);
    free(fonts);
}

struct _PangoContext *sheet_fonts_context(const struct sheet_fonts *fonts)
{
    return fonts->context;
}

const char *sheet_fonts_families(const struct sheet_fonts *fonts)
{
    return fonts->families;
}

/* ---- the request ---- */

struct print {
    const char *caption;
    const unsigned char *jpeg;
    size_t size_bytes;
    int64_t copies;
    int size; /* of PRINT_SIZES */
    int32_t width_px, height_px;
    cairo_surface_t *surface; /* made when first drawn; owned */
};

/* Sizes do not mix on a page: the larger ones come first. */
enum { TWO_INCH, ONE_INCH, PRINT_SIZES };
static const struct {
    const char *name;
    double width_mm, height_mm;
} print_sizes[PRINT_SIZES] = {{"2inch", 35, 49}, {"1inch", 25, 35}};

struct sheet {
    const char *title, *batch;
    double page_width_mm, page_height_mm, margin_mm, heading_mm;
    double print_width_mm, print_height_mm; /* of the size in hand, and how many go on a page */
    int size, columns, rows;
    struct print *prints;
    size_t print_count, cell_count;
    int missing_glyphs;
};

static enum err refuse(struct job_reply *reply, const char *why)
{
    snprintf(reply->why, sizeof reply->why, "%s", why);
    return ERR_BAD_FIELD;
}

static void use_size(struct sheet *sheet, int size)
{
    sheet->size = size;
    sheet->print_width_mm = print_sizes[size].width_mm;
    sheet->print_height_mm = print_sizes[size].height_mm;
    double width = sheet->page_width_mm - 2 * sheet->margin_mm;
    double height = sheet->page_height_mm - 2 * sheet->margin_mm - sheet->heading_mm;
    sheet->columns = (int)((width + GAP_MM) / (sheet->print_width_mm + GAP_MM));
    sheet->rows = (int)((height + GAP_MM) / (sheet->print_height_mm + CAPTION_MM + GAP_MM));
}

/* The page either way round, whichever holds more. */
static void choose_orientation(struct sheet *sheet)
{
    struct sheet turned = *sheet;
    turned.page_width_mm = sheet->page_height_mm;
    turned.page_height_mm = sheet->page_width_mm;
    use_size(&turned, sheet->size);
    if (turned.columns * turned.rows > sheet->columns * sheet->rows)
        *sheet = turned;
}

static int size_named(const char *name)
{
    int size = 0;
    while (size < PRINT_SIZES && !text_is(print_sizes[size].name, name))
        size++;
    return size;
}

static enum err read_layout(const struct json *request, struct sheet *sheet, struct job_reply *reply)
{
    const char *paper = json_text_at(request, "paper", "a4"), *print = json_text_at(request, "print", "2inch");
    sheet->title = json_text_at(request, "title", "");
    sheet->batch = json_text_at(request, "batch", "");
    if (text_chars(sheet->title) > SHEET_TITLE_CHARS_MAX || text_chars(sheet->batch) > SHEET_TITLE_CHARS_MAX)
        return refuse(reply, "title and batch have at most 80 characters.");
    if (text_is(paper, "a4"))
        sheet->page_width_mm = 210, sheet->page_height_mm = 297, sheet->margin_mm = 10, sheet->heading_mm = 9;
    else if (text_is(paper, "6inch"))
        sheet->page_width_mm = 102, sheet->page_height_mm = 152, sheet->margin_mm = 4, sheet->heading_mm = 6;
    else
        return refuse(reply, "paper is a4 or 6inch.");
    int size = size_named(print);
    if (size == PRINT_SIZES)
        return refuse(reply, "print is 1inch or 2inch.");
    use_size(sheet, size);
    choose_orientation(sheet);
    return ERR_NONE;
}

static enum err read_print(const struct json *item, int size, const unsigned char *bytes, size_t len, size_t *at,
                           struct print *print, struct job_reply *reply)
{
    int64_t size_bytes = json_int_at(item, "size_bytes", -1);
    print->caption = json_text_at(item, "caption", "");
    print->copies = json_int_at(item, "copies", 1);
    if (text_chars(print->caption) > SHEET_CAPTION_CHARS_MAX || !text_is_control_free(print->caption))
        return refuse(reply, "A caption has at most 60 characters, none of them control characters.");
    print->size = size_named(json_text_at(item, "print", print_sizes[size].name));
    if (print->size == PRINT_SIZES)
        return refuse(reply, "print is 1inch or 2inch.");
    if (print->copies < 1 || print->copies > COPIES_MAX)
        return refuse(reply, "copies is 1..16.");
    if (size_bytes < 1 || (uint64_t)size_bytes > len - *at)
        return refuse(reply, "size_bytes does not fit the bytes that were sent.");
    print->jpeg = bytes + *at;
    print->size_bytes = (size_t)size_bytes;
    *at += print->size_bytes;
    struct image_source source;
    enum err e = image_inspect(print->jpeg, print->size_bytes, 90, &source, reply->why);
    if (e != ERR_NONE)
        return e;
    /* cairo embeds the file as it is: no orientation is applied there. */
    if (!text_is(source.format, "jpeg") || source.orientation > 1)
        return refuse(reply, "Only upright JPEG files can be printed.");
    print->width_px = source.width_px;
    print->height_px = source.height_px;
    return ERR_NONE;
}

static enum err read_prints(struct job_tools *tools, const struct json *request, const struct frame *frame,
                            struct sheet *sheet, struct job_reply *reply)
{
    const struct json *list = json_at(request, "prints");
    const unsigned char *bytes = NULL;
    size_t len = 0, at = 0;
    sheet->print_count = list == NULL || list->kind != JSON_ARRAY ? 0 : json_count(list);
    if (sheet->print_count == 0 || sheet->print_count > SHEET_PRINTS_MAX || !job_part(frame, 1, &bytes, &len))
        return refuse(reply, "prints is a list of 1..2000 and part 1 has their JPEG files.");
    sheet->prints = ARENA_ARRAY(tools->arena, struct print, sheet->print_count);
    size_t i = 0;
    for (const struct json *item = list->first; item != NULL; item = item->next, i++) {
        TRY(read_print(item, sheet->size, bytes, len, &at, &sheet->prints[i], reply));
        sheet->cell_count += (size_t)sheet->prints[i].copies;
    }
    if (at != len || sheet->cell_count > SHEET_PRINTS_MAX)
        return refuse(reply, at != len ? "Part 1 has bytes that belong to no print." : "More than 2000 prints.");
    return ERR_NONE;
}

/* ---- drawing; units are millimetres, the surface is scaled ---- */

static void draw_text(cairo_t *cr, struct sheet_fonts *fonts, struct sheet *sheet, const char *text, double size_pt,
                      double x_mm, double y_mm, double width_mm, PangoAlignment alignment)
{
    PangoLayout *layout = pango_layout_new(fonts->context);
    PangoFontDescription *font = pango_font_description_from_string(fonts->families);
    /* Laid out in points, independent of any screen resolution; the page's scale is undone for drawing. */
    pango_font_description_set_absolute_size(font, size_pt * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, text, -1);
    pango_layout_set_width(layout, (int)(width_mm * POINTS_PER_MM * PANGO_SCALE));
    pango_layout_set_height(layout, -1);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(layout, alignment);
    sheet->missing_glyphs += pango_layout_get_unknown_glyphs_count(layout);
    cairo_save(cr);
    cairo_translate(cr, x_mm, y_mm);
    cairo_scale(cr, 1 / POINTS_PER_MM, 1 / POINTS_PER_MM);
    cairo_set_source_rgb(cr, 0, 0, 0);
    pango_cairo_show_layout(cr, layout);
    cairo_restore(cr);
    pango_font_description_free(font);
    g_object_unref(layout);
}

/* Never painted from: a PDF takes the attached file instead of these pixels. The bytes are the request's and outlive
 * the surface. */
static cairo_surface_t *surface_of(struct print *print, size_t number)
{
    char id[32];
    if (print->surface != NULL)
        return print->surface;
    print->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, print->width_px, print->height_px);
    cairo_surface_set_mime_data(print->surface, CAIRO_MIME_TYPE_JPEG, print->jpeg, print->size_bytes, NULL, NULL);
    int len = snprintf(id, sizeof id, "print-%zu", number);
    unsigned char *name = malloc(sizeof id); /* cairo keeps it until the surface goes */
    if (name != NULL) {
        memcpy(name, id, sizeof id);
        cairo_surface_set_mime_data(print->surface, CAIRO_MIME_TYPE_UNIQUE_ID, name, (unsigned long)len, free, name);
    }
    return print->surface;
}

/* The photo fills the print: what is too wide for 35×49 (0.9 mm a side for 3:4) is cut off equally. */
static void draw_print(cairo_t *cr, struct sheet *sheet, struct print *print, size_t number, double x_mm, double y_mm)
{
    double scale = fmax(sheet->print_width_mm / print->width_px, sheet->print_height_mm / print->height_px);
    cairo_save(cr);
    cairo_rectangle(cr, x_mm, y_mm, sheet->print_width_mm, sheet->print_height_mm);
    cairo_clip(cr);
    cairo_translate(cr, x_mm + (sheet->print_width_mm - print->width_px * scale) / 2,
                    y_mm + (sheet->print_height_mm - print->height_px * scale) / 2);
    cairo_scale(cr, scale, scale);
    cairo_set_source_surface(cr, surface_of(print, number), 0, 0);
    cairo_paint(cr);
    cairo_restore(cr);
    cairo_set_source_rgb(cr, 0.6, 0.6, 0.6);
    cairo_set_line_width(cr, CUT_LINE_MM);
    cairo_rectangle(cr, x_mm, y_mm, sheet->print_width_mm, sheet->print_height_mm);
    cairo_stroke(cr);
}

static void draw_heading(cairo_t *cr, struct sheet_fonts *fonts, struct sheet *sheet, size_t page, size_t pages)
{
    char number[48];
    double third = (sheet->page_width_mm - 2 * sheet->margin_mm) / 3;
    snprintf(number, sizeof number, "%zu / %zu", page, pages);
    draw_text(cr, fonts, sheet, sheet->title, FONT_SIZE_HEADING, sheet->margin_mm, sheet->margin_mm, third,
              PANGO_ALIGN_LEFT);
    draw_text(cr, fonts, sheet, sheet->batch, FONT_SIZE_HEADING, sheet->margin_mm + third, sheet->margin_mm, third,
              PANGO_ALIGN_CENTER);
    draw_text(cr, fonts, sheet, number, FONT_SIZE_HEADING, sheet->margin_mm + 2 * third, sheet->margin_mm, third,
              PANGO_ALIGN_RIGHT);
}

static void draw_cell(cairo_t *cr, struct sheet_fonts *fonts, struct sheet *sheet, size_t number, size_t cell)
{
    size_t row = cell / (size_t)sheet->columns, column = cell % (size_t)sheet->columns;
    double used_mm = sheet->columns * (sheet->print_width_mm + GAP_MM) - GAP_MM;
    double left_mm = (sheet->page_width_mm - used_mm) / 2;
    double x_mm = left_mm + (double)column * (sheet->print_width_mm + GAP_MM);
    double y_mm = sheet->margin_mm + sheet->heading_mm + (double)row * (sheet->print_height_mm + CAPTION_MM + GAP_MM);
    draw_print(cr, sheet, &sheet->prints[number], number, x_mm, y_mm);
    draw_text(cr, fonts, sheet, sheet->prints[number].caption, FONT_SIZE_CAPTION, x_mm,
              y_mm + sheet->print_height_mm + 0.8, sheet->print_width_mm, PANGO_ALIGN_CENTER);
}

/* Cells of the size in hand, and the pages they need. */
static size_t pages_of(const struct sheet *sheet, int size)
{
    size_t cells = 0, per_page = (size_t)(sheet->columns * sheet->rows);
    for (size_t i = 0; i < sheet->print_count; i++)
        if (sheet->prints[i].size == size)
            cells += (size_t)sheet->prints[i].copies;
    return (cells + per_page - 1) / per_page;
}

/* The pages of the size in hand; `page` counts through all of them. */
static void draw_size(cairo_t *cr, struct sheet_fonts *fonts, struct sheet *sheet, size_t *page, size_t pages)
{
    size_t cell = 0, per_page = (size_t)(sheet->columns * sheet->rows);
    for (size_t i = 0; i < sheet->print_count; i++) {
        if (sheet->prints[i].size != sheet->size)
            continue;
        for (int64_t copy = 0; copy < sheet->prints[i].copies; copy++, cell++) {
            if (cell % per_page == 0) {
                if (*page > 0)
                    cairo_show_page(cr);
                draw_heading(cr, fonts, sheet, ++*page, pages);
            }
            draw_cell(cr, fonts, sheet, i, cell % per_page);
        }
    }
}

static size_t draw_pages(cairo_t *cr, struct sheet_fonts *fonts, struct sheet *sheet)
{
    size_t pages = 0, page = 0;
    int wanted = sheet->size;
    for (int size = 0; size < PRINT_SIZES; size++) {
        use_size(sheet, size);
        pages += pages_of(sheet, size);
    }
    for (int size = 0; size < PRINT_SIZES; size++) {
        use_size(sheet, size);
        draw_size(cr, fonts, sheet, &page, pages);
    }
    cairo_show_page(cr);
    use_size(sheet, wanted);
    return page;
}

static cairo_status_t take_bytes(void *closure, const unsigned char *bytes, unsigned len)
{
    struct buf *out = closure;
    buf_add(out, bytes, len);
    return out->over ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static enum err draw(struct sheet_fonts *fonts, struct sheet *sheet, struct buf *out, size_t *pages)
{
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(
        take_bytes, out, sheet->page_width_mm * POINTS_PER_MM, sheet->page_height_mm * POINTS_PER_MM);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, sheet->title);
    cairo_t *cr = cairo_create(surface);
    cairo_scale(cr, POINTS_PER_MM, POINTS_PER_MM);
    *pages = draw_pages(cr, fonts, sheet);
    cairo_status_t drawn = cairo_status(cr);
    cairo_destroy(cr);
    cairo_surface_finish(surface);
    cairo_status_t finished = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    for (size_t i = 0; i < sheet->print_count; i++)
        if (sheet->prints[i].surface != NULL)
            cairo_surface_destroy(sheet->prints[i].surface);
    if (out->over)
        return ERR_TOO_LARGE;
    return drawn == CAIRO_STATUS_SUCCESS && finished == CAIRO_STATUS_SUCCESS ? ERR_NONE : ERR_WORKER;
}

static void write_result(struct buf *b, const struct sheet *sheet, size_t pages)
{
    json_object_open(b);
    json_put_text(b, "kind", "sheet");
    json_put_int(b, "pages", (int64_t)pages);
    json_put_int(b, "cells", (int64_t)sheet->cell_count);
    json_put_int(b, "per_page", sheet->columns * sheet->rows);
    json_put_int(b, "missing_glyphs", sheet->missing_glyphs);
    json_name(b, "parts");
    json_array_open(b);
    json_text(b, "pdf");
    json_array_close(b);
    json_object_close(b);
}

enum err job_sheet(struct job_tools *tools, const struct json *request, const struct frame *frame,
                   struct job_reply *reply)
{
    struct sheet sheet = {0};
    size_t pages = 0;
    if (tools->fonts == NULL) {
        snprintf(reply->why, sizeof reply->why, "No CJK font is installed (fonts-wqy-microhei or fonts-noto-cjk).");
        return ERR_WORKER;
    }
    TRY(read_layout(request, &sheet, reply));
    TRY(read_prints(tools, request, frame, &sheet, reply));
    TRY(draw(tools->fonts, &sheet, &reply->parts[0], &pages));
    reply->part_count = 1;
    write_result(&reply->json, &sheet, pages);
    return ERR_NONE;
}
