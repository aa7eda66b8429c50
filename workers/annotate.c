#include "workers/annotate.h"

#include "base/text.h"
#include "workers/png.h"

#include <cairo/cairo.h>
#include <math.h>
#include <pango/pangocairo.h>

#define MARGIN_PX    20.0
#define GUIDE_PX     1.0
#define BADGE_PX     24.0
#define SAME_PX      6 /* places closer than that are one */
#define PLACES_MAX   CHECK_COUNT
#define TITLE_PX     20.0
#define TEXT_PX      18.0
#define SMALL_PX     14.0
#define LINE_GAP_PX  3.0
#define ENTRY_GAP_PX 10.0
#define TURN         (2 * 3.14159265358979323846)

/* From the palette of Okabe and Ito, which people with any colour vision tell apart. */
struct colour {
    double r, g, b;
};
static const struct colour fail_colour = {0.835, 0.369, 0.0}, warn_colour = {0.941, 0.894, 0.259},
                           guide_colour = {0.0, 0.26, 0.45}, good_colour = {0.0, 0.52, 0.40}, ink = {0.13, 0.13, 0.13},
                           grey_ink = {0.35, 0.35, 0.35}, paper = {1, 1, 1};

/* Checks that point at the same place share its number. */
struct mark {
    struct face_box at; /* width 0: nowhere; then the mark has no number */
    enum check_verdict verdict;
    int number;
};

struct drawing {
    cairo_t *cr;
    PangoContext *context;
    const char *families;
    const struct image *photo;
    const struct head *head;
    const struct comply *report;
    bool chinese;
    double width_px, scale; /* of the whole picture; finished photo → picture */
    struct mark marks[PLACES_MAX];
    int mark_of[CHECK_COUNT]; /* -1: the check passed */
    int mark_count;
};

static void set_colour(cairo_t *cr, const struct colour *colour, double alpha)
{
    cairo_set_source_rgba(cr, colour->r, colour->g, colour->b, alpha);
}

/* ---- which marks there are ---- */

static bool same_place(const struct face_box *a, const struct face_box *b)
{
    return abs(a->x_px - b->x_px) <= SAME_PX && abs(a->y_px - b->y_px) <= SAME_PX &&
           abs(a->width_px - b->width_px) <= SAME_PX && abs(a->height_px - b->height_px) <= SAME_PX;
}

static int mark_for(struct drawing *d, const struct check_result *check)
{
    for (int i = 0; i < d->mark_count; i++)
        if (same_place(&d->marks[i].at, &check->at))
            return i;
    int number = 1;
    for (int i = 0; i < d->mark_count; i++)
        number += d->marks[i].number > 0;
    d->marks[d->mark_count] = (struct mark){check->at, check->verdict, check->at.width_px > 0 ? number : 0};
    return d->mark_count++;
}

/* Failures first, so that they have the small numbers and their place the stronger sign. */
static void collect(struct drawing *d)
{
    for (int i = 0; i < CHECK_COUNT; i++)
        d->mark_of[i] = -1;
    for (int wanted = CHECK_FAIL; wanted >= CHECK_WARN; wanted--)
        for (int i = 0; i < CHECK_COUNT; i++)
            if ((int)d->report->checks[i].verdict == wanted)
                d->mark_of[i] = mark_for(d, &d->report->checks[i]);
}

/* ---- text ---- */

/* Returns the height; draws unless dry. */
static double draw_text(struct drawing *d, const char *text, double size_px, const struct colour *colour, double x,
                        double y, double width_px, bool dry)
{
    PangoLayout *layout = pango_layout_new(d->context);
    PangoFontDescription *font = pango_font_description_from_string(d->families);
    int height;
    pango_font_description_set_absolute_size(font, size_px * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_width(layout, (int)(width_px * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(layout, text, -1);
    pango_layout_get_pixel_size(layout, NULL, &height);
    if (!dry) {
        set_colour(d->cr, colour, 1);
        cairo_move_to(d->cr, x, y);
        pango_cairo_show_layout(d->cr, layout);
    }
    pango_font_description_free(font);
    g_object_unref(layout);
    return height;
}

/* A line of text on its own little plate, so that it can be read on any photo. */
static void draw_plate(struct drawing *d, const char *text, double x, double y, bool to_the_left)
{
    PangoLayout *layout = pango_layout_new(d->context);
    PangoFontDescription *font = pango_font_description_from_string(d->families);
    int width, height;
    pango_font_description_set_absolute_size(font, SMALL_PX * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, text, -1);
    pango_layout_get_pixel_size(layout, &width, &height);
    double left = to_the_left ? x - width - 4 : x;
    set_colour(d->cr, &paper, 0.8);
    cairo_rectangle(d->cr, left, y, width + 4, height);
    cairo_fill(d->cr);
    set_colour(d->cr, &guide_colour, 1);
    cairo_move_to(d->cr, left + 2, y);
    pango_cairo_show_layout(d->cr, layout);
    pango_font_description_free(font);
    g_object_unref(layout);
}

/* ---- signs: a failure is an octagon with white figures, a warning a triangle with dark ones ---- */

static void sign_path(cairo_t *cr, enum check_verdict verdict, double x, double y, double radius)
{
    int corners = verdict == CHECK_FAIL ? 8 : 3;
    double from = verdict == CHECK_FAIL ? TURN / 16 : -TURN / 4;
    double reach = verdict == CHECK_FAIL ? radius : radius * 1.3;
    double middle_y = verdict == CHECK_FAIL ? y : y + radius * 0.2;
    cairo_new_path(cr);
    for (int i = 0; i < corners; i++)
        cairo_line_to(cr, x + reach * cos(from + TURN * i / corners),
                      middle_y + reach * sin(from + TURN * i / corners));
    cairo_close_path(cr);
}

static void draw_sign(struct drawing *d, enum check_verdict verdict, int number, double x, double y)
{
    char text[16];
    double radius = BADGE_PX / 2;
    sign_path(d->cr, verdict, x, y, radius);
    set_colour(d->cr, verdict == CHECK_FAIL ? &fail_colour : &warn_colour, 1);
    cairo_fill_preserve(d->cr);
    set_colour(d->cr, verdict == CHECK_FAIL ? &paper : &ink, 1);
    cairo_set_line_width(d->cr, 1.5);
    cairo_stroke(d->cr);
    if (number > 0)
        snprintf(text, sizeof text, "%d", number);
    else
        snprintf(text, sizeof text, "%s", verdict == CHECK_FAIL ? "×" : "!");
    PangoLayout *layout = pango_layout_new(d->context);
    PangoFontDescription *font = pango_font_description_from_string(d->families);
    int width, height;
    pango_font_description_set_absolute_size(font, SMALL_PX * PANGO_SCALE);
    pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, text, -1);
    pango_layout_get_pixel_size(layout, &width, &height);
    set_colour(d->cr, verdict == CHECK_FAIL ? &paper : &ink, 1);
    cairo_move_to(d->cr, x - width / 2.0, y - height / 2.0 + (verdict == CHECK_FAIL ? 0 : 2));
    pango_cairo_show_layout(d->cr, layout);
    pango_font_description_free(font);
    g_object_unref(layout);
}

/* ---- the photo ---- */

static cairo_surface_t *surface_of(const struct image *photo)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, photo->width_px, photo->height_px);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    unsigned char *pixels = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface), width = (size_t)photo->width_px;
    for (size_t y = 0; y < (size_t)photo->height_px; y++)
        for (size_t x = 0; x < width; x++) {
            const unsigned char *rgb = photo->rgb + (y * width + x) * 3;
            uint32_t pixel = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
            memcpy(pixels + y * stride + x * 4, &pixel, sizeof pixel);
        }
    cairo_surface_mark_dirty(surface);
    return surface;
}

static void draw_photo(struct drawing *d)
{
    cairo_surface_t *surface = surface_of(d->photo);
    cairo_save(d->cr);
    cairo_translate(d->cr, MARGIN_PX, MARGIN_PX);
    cairo_scale(d->cr, d->scale, d->scale);
    cairo_set_source_surface(d->cr, surface, 0, 0);
    cairo_paint(d->cr);
    cairo_restore(d->cr);
    cairo_surface_destroy(surface);
    /* A white background would run into the paper. */
    cairo_rectangle(d->cr, MARGIN_PX - 0.5, MARGIN_PX - 0.5, d->photo->width_px * d->scale + 1,
                    d->photo->height_px * d->scale + 1);
    set_colour(d->cr, &grey_ink, 0.5);
    cairo_set_line_width(d->cr, 1);
    cairo_stroke(d->cr);
}

static double across(const struct drawing *d, double x)
{
    return MARGIN_PX + x * d->scale;
}

/* A thin dark line with a light one beside it shows on any colour. */
static void draw_line(struct drawing *d, double x0, double y0, double x1, double y1, bool dashed)
{
    static const double dashes[2] = {6, 4};
    cairo_set_line_width(d->cr, GUIDE_PX + 1.5);
    set_colour(d->cr, &paper, 0.6);
    cairo_move_to(d->cr, x0, y0);
    cairo_line_to(d->cr, x1, y1);
    cairo_stroke(d->cr);
    cairo_set_line_width(d->cr, GUIDE_PX);
    if (dashed)
        cairo_set_dash(d->cr, dashes, 2, 0);
    set_colour(d->cr, &guide_colour, 1);
    cairo_move_to(d->cr, x0, y0);
    cairo_line_to(d->cr, x1, y1);
    cairo_stroke(d->cr);
    cairo_set_dash(d->cr, NULL, 0, 0);
}

/* A band of rows that something must lie in, and a notch at both edges where it does lie. */
static void draw_band(struct drawing *d, struct range window, double measured, const char *name)
{
    char text[96];
    if (!range_is_set(window))
        return;
    double left = across(d, 0), right = across(d, d->photo->width_px);
    double top = across(d, (double)window.min), bottom = across(d, (double)window.max), here = across(d, measured);
    set_colour(d->cr, &guide_colour, 0.10);
    cairo_rectangle(d->cr, left, top, right - left, bottom - top);
    cairo_fill(d->cr);
    draw_line(d, left, top, right, top, true);
    draw_line(d, left, bottom, right, bottom, true);
    for (int side = 0; side < 2; side++) {
        double x = side == 0 ? left : right, inward = side == 0 ? 10 : -10;
        cairo_new_path(d->cr);
        cairo_move_to(d->cr, x + inward, here);
        cairo_line_to(d->cr, x - inward * 0.6, here - 6);
        cairo_line_to(d->cr, x - inward * 0.6, here + 6);
        cairo_close_path(d->cr);
        set_colour(d->cr, &guide_colour, 1);
        cairo_fill(d->cr);
    }
    snprintf(text, sizeof text, "%s %" PRId64 "–%" PRId64 " px", name, window.min, window.max);
    draw_plate(d, text, right - 2, bottom + 2, true);
}

static void arrow(struct drawing *d, double x, double y, double direction)
{
    cairo_new_path(d->cr);
    cairo_move_to(d->cr, x, y);
    cairo_line_to(d->cr, x - direction * 9, y - 4.5);
    cairo_line_to(d->cr, x - direction * 9, y + 4.5);
    cairo_close_path(d->cr);
    set_colour(d->cr, &guide_colour, 1);
    cairo_fill(d->cr);
}

/* How wide the face is, below the chin; the ticks say how wide it may be. */
static void draw_face_width(struct drawing *d)
{
    char text[96];
    struct range window = d->report->profile->face_width_px;
    double measured = d->report->checks[CHECK_face_width].measured;
    if (!range_is_set(window) || isnan(measured))
        return;
    double y = fmin(across(d, d->head->chin_y) + 16, across(d, d->photo->height_px) - 30), middle = d->head->centre_x;
    double left = across(d, middle - measured / 2), right = across(d, middle + measured / 2);
    draw_line(d, left, y, right, y, false);
    arrow(d, left, y, -1);
    arrow(d, right, y, 1);
    const double reaches[2] = {(double)window.min / 2, (double)window.max / 2};
    for (int i = 0; i < 2; i++)
        for (int side = -1; side <= 1; side += 2) {
            double x = across(d, middle + side * reaches[i]);
            draw_line(d, x, y - 8, x, y + 8, false);
        }
    snprintf(text, sizeof text, "%s %.0f (%" PRId64 "–%" PRId64 ") px", d->chinese ? "脸宽" : "face width", measured,
             window.min, window.max);
    draw_plate(d, text, right + 8, y + 10, true);
}

static void draw_guides(struct drawing *d)
{
    const struct profile *profile = d->report->profile;
    draw_band(d, profile->crown_px, d->head->crown_y, d->chinese ? "头顶" : "top of hair");
    draw_band(d, profile->eyes_px, d->head->eye_y, d->chinese ? "眼睛" : "eyes");
    draw_face_width(d);
}

/* ---- marks on the photo ---- */

static void draw_frame(struct drawing *d, const struct mark *mark, double x, double y, double width, double height)
{
    static const double dashes[2] = {5, 3};
    cairo_rectangle(d->cr, x, y, width, height);
    set_colour(d->cr, &ink, 0.55);
    cairo_set_line_width(d->cr, 4);
    cairo_stroke_preserve(d->cr);
    if (mark->verdict == CHECK_WARN)
        cairo_set_dash(d->cr, dashes, 2, 0);
    set_colour(d->cr, mark->verdict == CHECK_FAIL ? &fail_colour : &warn_colour, 1);
    cairo_set_line_width(d->cr, 2);
    cairo_stroke(d->cr);
    cairo_set_dash(d->cr, NULL, 0, 0);
}

/* The badge sits on the frame's upper edge, as far from the others as the corners allow. */
static void place_badge(const struct drawing *d, double used[][2], int count, double x, double y, double width,
                        double height, double *badge_x, double *badge_y)
{
    double low = MARGIN_PX + BADGE_PX / 2, best = -1;
    double right = across(d, d->photo->width_px) - BADGE_PX / 2, bottom = across(d, d->photo->height_px) - BADGE_PX / 2;
    const double corners[6][2] = {{x, y},          {x + width, y},          {x + width / 2, y},
                                  {x, y + height}, {x + width, y + height}, {x + width / 2, y + height}};
    for (int i = 0; i < 6; i++) {
        double cx = fmin(fmax(corners[i][0], low), right), cy = fmin(fmax(corners[i][1], low), bottom), gap = 1e9;
        for (int k = 0; k < count; k++)
            gap = fmin(gap, hypot(used[k][0] - cx, used[k][1] - cy));
        if (fmin(gap, 1.3 * BADGE_PX) > best + 0.01) {
            best = fmin(gap, 1.3 * BADGE_PX);
            *badge_x = cx, *badge_y = cy;
        }
    }
}

static void draw_marks(struct drawing *d)
{
    double used[PLACES_MAX][2];
    int count = 0;
    for (int i = d->mark_count - 1; i >= 0; i--) /* failures last: on top */
        if (d->marks[i].number > 0) {
            const struct face_box *at = &d->marks[i].at;
            double left = fmax(at->x_px, 1), top = fmax(at->y_px, 1);
            double right = fmin(at->x_px + at->width_px, d->photo->width_px - 1);
            double bottom = fmin(at->y_px + at->height_px, d->photo->height_px - 1);
            draw_frame(d, &d->marks[i], across(d, left), across(d, top), (right - left) * d->scale,
                       (bottom - top) * d->scale);
        }
    for (int i = 0; i < d->mark_count; i++) {
        const struct face_box *at = &d->marks[i].at;
        if (d->marks[i].number == 0)
            continue;
        place_badge(d, used, count, across(d, at->x_px), across(d, at->y_px), at->width_px * d->scale,
                    at->height_px * d->scale, &used[count][0], &used[count][1]);
        draw_sign(d, d->marks[i].verdict, d->marks[i].number, used[count][0], used[count][1]);
        count++;
    }
}

/* ---- the legend ---- */

static double draw_title(struct drawing *d, double y, bool dry)
{
    char text[160];
    int fails = 0, warns = 0, passes = 0;
    for (int i = 0; i < CHECK_COUNT; i++) {
        fails += d->report->checks[i].verdict == CHECK_FAIL;
        warns += d->report->checks[i].verdict == CHECK_WARN;
        passes += d->report->checks[i].verdict == CHECK_PASS && !isnan(d->report->checks[i].measured);
    }
    if (d->chinese)
        snprintf(text, sizeof text, "%d 项不合格 · %d 项请留意 · %d 项合格", fails, warns, passes);
    else
        snprintf(text, sizeof text, "%d failed · %d to look at · %d passed", fails, warns, passes);
    const struct colour *colour = fails > 0 ? &fail_colour : warns > 0 ? &ink : &good_colour;
    return draw_text(d, text, TITLE_PX, colour, MARGIN_PX, y, d->width_px - 2 * MARGIN_PX, dry);
}

/* Ratios and the like have no unit that says anything. */
static const char *unit_of(enum check_id id, bool chinese)
{
    static const struct {
        const char *unit, *zh, *en;
    } known[] = {
        {"px", " px", " px"}, {"deg", "°", "°"}, {"KB", " KB", " KB"}, {"days", " 天", " days"}, {"faces", " 张", ""}};
    for (size_t i = 0; i < countof(known); i++)
        if (text_is(comply_unit(id), known[i].unit))
            return chinese ? known[i].zh : known[i].en;
    return "";
}

static void measured_text(enum check_id id, const struct check_result *check, bool chinese, char *text, size_t size)
{
    char value[48], low[32] = "", high[32] = "";
    comply_number(id, check->measured, value, sizeof value);
    comply_number(id, check->range.warn_below, low, sizeof low);
    comply_number(id, check->range.warn_above, high, sizeof high);
    const char *name = chinese ? "实测" : "measured", *allowed = chinese ? "应为" : "allowed";
    const char *unit = unit_of(id, chinese);
    if (isinf(check->range.warn_below))
        snprintf(text, size, "%s %s%s, %s ≤ %s%s", name, value, unit, allowed, high, unit);
    else if (isinf(check->range.warn_above))
        snprintf(text, size, "%s %s%s, %s ≥ %s%s", name, value, unit, allowed, low, unit);
    else if (text_is(low, high))
        snprintf(text, size, "%s %s%s, %s %s%s", name, value, unit, allowed, low, unit);
    else
        snprintf(text, size, "%s %s%s, %s %s … %s%s", name, value, unit, allowed, low, high, unit);
}

static double draw_entry(struct drawing *d, enum check_id id, double y, bool dry)
{
    char measured[160];
    const struct check_result *check = &d->report->checks[id];
    double left = MARGIN_PX + BADGE_PX + 10, width = d->width_px - left - MARGIN_PX, at = y;
    if (!dry)
        draw_sign(d, check->verdict, d->marks[d->mark_of[id]].number, MARGIN_PX + BADGE_PX / 2, y + BADGE_PX / 2);
    at += draw_text(d, comply_short(id, d->chinese), TEXT_PX, &ink, left, at, width, dry) + LINE_GAP_PX;
    at += draw_text(d, comply_fix(id, d->chinese), SMALL_PX, &ink, left, at, width, dry) + LINE_GAP_PX;
    measured_text(id, check, d->chinese, measured, sizeof measured);
    at += draw_text(d, measured, SMALL_PX - 2, &grey_ink, left, at, width, dry);
    return at - y;
}

static double draw_legend(struct drawing *d, double y, bool dry)
{
    double at = y + draw_title(d, y, dry) + ENTRY_GAP_PX;
    for (int mark = 0; mark < d->mark_count; mark++)
        for (int wanted = CHECK_FAIL; wanted >= CHECK_WARN; wanted--)
            for (int i = 0; i < CHECK_COUNT; i++)
                if (d->mark_of[i] == mark && (int)d->report->checks[i].verdict == wanted)
                    at += draw_entry(d, (enum check_id)i, at, dry) + ENTRY_GAP_PX;
    return at - y;
}

/* ---- all of it ---- */

/* cairo writes PNG too, but takes three times as long as all the drawing. */
static enum err write_png(cairo_surface_t *surface, struct buf *out)
{
    cairo_surface_flush(surface);
    const unsigned char *pixels = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    struct image picture = {cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), NULL};
    size_t width = (size_t)picture.width_px, height = (size_t)picture.height_px;
    picture.rgb = malloc(width * height * 3);
    if (picture.rgb == NULL)
        return ERR_BUSY;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            unsigned char *rgb = picture.rgb + (y * width + x) * 3;
            uint32_t pixel;
            memcpy(&pixel, pixels + y * stride + x * 4, sizeof pixel);
            rgb[0] = (unsigned char)(pixel >> 16), rgb[1] = (unsigned char)(pixel >> 8), rgb[2] = (unsigned char)pixel;
        }
    enum err e = png_encode(&picture, out);
    image_release(&picture);
    return e;
}

enum err annotate_png(struct sheet_fonts *fonts, const struct image *photo, const struct head *finished,
                      const struct comply *report, bool chinese, struct buf *out)
{
    if (fonts == NULL)
        return ERR_WORKER;
    struct drawing d = {.context = sheet_fonts_context(fonts),
                        .families = sheet_fonts_families(fonts),
                        .photo = photo,
                        .head = finished,
                        .report = report,
                        .chinese = chinese,
                        .scale = 480.0 / photo->width_px};
    d.width_px = 480 + 2 * MARGIN_PX;
    collect(&d);
    double below = MARGIN_PX + photo->height_px * d.scale + MARGIN_PX, height = below + draw_legend(&d, 0, true);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)d.width_px, (int)(height + MARGIN_PX));
    d.cr = cairo_create(surface);
    set_colour(d.cr, &paper, 1);
    cairo_paint(d.cr);
    draw_photo(&d);
    draw_guides(&d);
    draw_marks(&d);
    draw_legend(&d, below, false);
    bool good = cairo_status(d.cr) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(d.cr);
    enum err e = good ? write_png(surface, out) : ERR_BUSY;
    cairo_surface_destroy(surface);
    return e;
}
