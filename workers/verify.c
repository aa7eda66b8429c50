#include "workers/verify.h"

#include "base/text.h"
#include "workers/faces.h"
#include "workers/jpeg.h"
#include "workers/retouch.h"
#include "workers/verify_ledger.h"
#include "workers/verify_measure.h"

#include <math.h>

#define FILE_SIDE_PX_MIN 100
#define FILE_EDGE_PX_MAX 2000 /* of the largest profile */
#define REASONS_MAX      12

struct reason {
    const char *code; /* static */
    char text[VERIFY_TEXT_BYTES];
};

struct work {
    struct job_tools *tools;
    const struct json *report;
    struct profile profile;
    const unsigned char *original, *output, *repair; /* repair NULL: not given */
    size_t original_len, output_len, repair_len;
    struct verify_ledger ledger;
    struct reason reasons[REASONS_MAX];
    size_t reason_count;
    struct retouch_made made; /* made again */
    struct image photo;       /* the finished file's pixels */
    struct image expected;    /* what they should be */
    struct plane zones;
    struct verify_numbers numbers;
    bool measured;
    bool remade, same_versions, identical;
    double holes;
    const char *not_remade; /* static */
};

static void fail(struct work *work, const char *code, const char *format, ...) PRINTF_LIKE(3, 4);
static void fail(struct work *work, const char *code, const char *format, ...)
{
    if (work->reason_count == REASONS_MAX)
        return;
    struct reason *reason = &work->reasons[work->reason_count++];
    va_list args;
    va_start(args, format);
    reason->code = code;
    vsnprintf(reason->text, sizeof reason->text, format, args);
    va_end(args);
}

/* ---- hashes ---- */

static void check_hashes(struct work *work)
{
    char hex[65];
    ledger_sha256(work->original, work->original_len, hex);
    if (!text_is(hex, work->ledger.source_sha256))
        fail(work, "source_sha256", "The original is not the file the ledger speaks of.");
    ledger_sha256(work->output, work->output_len, hex);
    if (!text_is(hex, work->ledger.output_sha256) || (int64_t)work->output_len != work->ledger.output_bytes)
        fail(work, "output_sha256", "The finished file is not the one the ledger speaks of.");
    if (work->repair == NULL || work->ledger.repair_sha256 == NULL)
        return;
    ledger_sha256(work->repair, work->repair_len, hex);
    if (!text_is(hex, work->ledger.repair_sha256))
        fail(work, "source_sha256", "The repaired file is not the one the ledger speaks of.");
}

/* ---- making it again ---- */

static bool same_tree(const struct json *a, const struct json *b)
{
    struct buf texts[2];
    buf_init(&texts[0], KIB(16));
    buf_init(&texts[1], KIB(16));
    json_tree(&texts[0], a);
    json_tree(&texts[1], b);
    bool same = !texts[0].over && !texts[1].over && text_is(buf_cstr(&texts[0]), buf_cstr(&texts[1]));
    buf_release(&texts[0]);
    buf_release(&texts[1]);
    return same;
}

/* The versions a ledger written now would name. */
static bool versions_are_ours(const struct work *work)
{
    struct buf b;
    const struct json *tree = NULL;
    buf_init(&b, KIB(64));
    json_object_open(&b);
    ledger_write(&b, &work->made.standard, NULL, NULL, work->tools->versions);
    json_object_close(&b);
    bool same = work->ledger.versions != NULL && !b.over &&
                json_read(b.bytes, b.len, work->tools->arena, &tree) == ERR_NONE &&
                same_tree(work->ledger.versions, json_at(tree, "versions"));
    buf_release(&b);
    return same;
}

static enum err compare_bytes(struct work *work)
{
    struct buf again;
    int quality;
    buf_init(&again, PROTOCOL_PART_BYTES_MAX);
    enum err e =
        jpeg_encode_to_size(&work->made.standard.photo, work->profile.size_kb, work->profile.dpi, &again, &quality);
    work->identical =
        e == ERR_NONE && again.len == work->output_len && memcmp(again.bytes, work->output, again.len) == 0;
    buf_release(&again);
    if (e == ERR_NONE && work->same_versions && !work->identical)
        fail(work, "bytes_differ", "The same versions make another file of this original.");
    return e;
}

static enum err make_again(struct work *work, char why[JOB_WHY_BYTES])
{
    struct standard_order order = {.profile = &work->profile, .bytes = work->original, .len = work->original_len};
    bool repaired = work->ledger.retouch != NULL && work->repair != NULL;
    TRY(repaired
            ? retouch_make(work->tools, &order, work->ledger.retouch, work->repair, work->repair_len, &work->made, why)
            : standard_make(work->tools, &order, &work->made.standard, why));
    if (work->made.standard.photo.rgb == NULL) {
        snprintf(why, JOB_WHY_BYTES, "The original shows no face.");
        return ERR_NOT_FOUND;
    }
    work->same_versions = versions_are_ours(work);
    work->remade = repaired || work->ledger.retouch == NULL;
    if (!work->remade) {
        work->not_remade = "a hand repaired it, and the repaired file was not given";
        return ERR_NONE;
    }
    if (!work->same_versions)
        work->not_remade = "it was made by other versions";
    return compare_bytes(work);
}

/* ---- what it should look like ---- */

/* Our frame as the ledger's: where they agree, and they nearly always do, this is the identity. */
static void map_alpha(const struct work *work, struct plane *alpha)
{
    const struct standard *s = &work->made.standard;
    const struct resample_area *ours = &s->placement.frame, *theirs = &work->ledger.frame;
    double shrink = 1 / s->original_per_px;
    for (int32_t y = 0; y < alpha->height_px; y++) {
        double v = (theirs->y_px + (y + 0.5) * theirs->height_px / alpha->height_px) * shrink;
        double row = (v - ours->y_px) / ours->height_px * s->matte.alpha.height_px;
        for (int32_t x = 0; x < alpha->width_px; x++) {
            double u = (theirs->x_px + (x + 0.5) * theirs->width_px / alpha->width_px) * shrink;
            double column = (u - ours->x_px) / ours->width_px * s->matte.alpha.width_px;
            bool inside = row >= 0 && row < s->matte.alpha.height_px && column >= 0 && column < s->matte.alpha.width_px;
            alpha->values[(size_t)y * (size_t)alpha->width_px + (size_t)x] =
                inside ? s->matte.alpha.values[(size_t)row * (size_t)s->matte.alpha.width_px + (size_t)column] : 0;
        }
    }
}

/* The landmarks in the ledger's frame, in finished pixels. */
static void map_marks(const struct work *work, struct face_landmarks *marks)
{
    const struct standard *s = &work->made.standard;
    const struct resample_area *frame = &work->ledger.frame;
    for (size_t i = 0; i < FACE_LANDMARKS; i++) {
        double x = s->marks.points[i].x_px * s->original_per_px, y = s->marks.points[i].y_px * s->original_per_px;
        marks->points[i].x_px = (float)((x - frame->x_px) * work->ledger.width_px / frame->width_px);
        marks->points[i].y_px = (float)((y - frame->y_px) * work->ledger.height_px / frame->height_px);
    }
}

/* The original cropped and scaled by the ledger's numbers alone, on its colour, through JPEG at its quality. */
static enum err compose_expected(struct work *work, const struct image *decoded, const struct plane *alpha)
{
    const struct verify_ledger *ledger = &work->ledger;
    double shrink = (double)decoded->width_px / work->made.standard.source.width_px;
    struct resample_area area = {ledger->frame.x_px * shrink, ledger->frame.y_px * shrink,
                                 ledger->frame.width_px * shrink, ledger->frame.height_px * shrink};
    struct matte matte = {.alpha = *alpha};
    struct image plain = {0};
    struct image_source source;
    struct buf file;
    char why[IMAGE_WHY_BYTES];
    buf_init(&file, PROTOCOL_PART_BYTES_MAX);
    enum err e = resample(decoded, &area, alpha->width_px, alpha->height_px, RESAMPLE_LANCZOS, &matte.foreground);
    if (e == ERR_NONE)
        e = matte_onto(&matte, ledger->colour, ledger->width_px, ledger->height_px, &plain);
    if (e == ERR_NONE)
        e = jpeg_encode(&plain, ledger->quality, work->profile.dpi, &file);
    if (e == ERR_NONE)
        e = image_decode(file.bytes, file.len, FILE_SIDE_PX_MIN, FILE_EDGE_PX_MAX, &source, &work->expected, why);
    image_release(&matte.foreground);
    image_release(&plain);
    buf_release(&file);
    return e;
}

static struct plane frame_alpha(const struct work *work)
{
    struct plane alpha = {(int32_t)lround(work->ledger.width_px * MATTE_SCALE),
                          (int32_t)lround(work->ledger.height_px * MATTE_SCALE), NULL};
    alpha.values = malloc((size_t)alpha.width_px * (size_t)alpha.height_px);
    if (alpha.values == NULL)
        return alpha;
    if (work->ledger.replaced)
        map_alpha(work, &alpha);
    else
        memset(alpha.values, 255, (size_t)alpha.width_px * (size_t)alpha.height_px);
    return alpha;
}

/* A hand repaired the edge: compared is what it may not have touched. Of a mask that is not at hand only the face is
 * known to be whole. */
static void narrow_zones(struct work *work)
{
    if (!text_is(work->ledger.retouch != NULL ? work->ledger.retouch : "", "mask") || work->repair != NULL)
        return;
    for (size_t i = 0; i < (size_t)work->zones.width_px * (size_t)work->zones.height_px; i++)
        if (work->zones.values[i] != PROOF_FACE)
            work->zones.values[i] = PROOF_BAND;
}

static enum err expect(struct work *work, char why[JOB_WHY_BYTES])
{
    const struct verify_ledger *ledger = &work->ledger;
    struct image decoded;
    struct image_source source;
    struct face_landmarks marks;
    int32_t edge =
        ledger->decoded_width_px > ledger->decoded_height_px ? ledger->decoded_width_px : ledger->decoded_height_px;
    struct plane alpha = frame_alpha(work);
    if (alpha.values == NULL)
        return ERR_BUSY;
    enum err e = image_decode_light(work->original, work->original_len, IMAGE_SIDE_PX_MIN, edge, STANDARD_WORK_EDGE_PX,
                                    &source, &decoded, why);
    if (e == ERR_NONE)
        e = compose_expected(work, &decoded, &alpha);
    image_release(&decoded);
    if (e == ERR_NONE) {
        map_marks(work, &marks);
        double band = ledger->retouch != NULL ? RETOUCH_BAND_SHARE : VERIFY_BAND_SHARE;
        e = proof_zones(&alpha, &marks, ledger->width_px, ledger->height_px, band * ledger->width_px, &work->zones);
    }
    plane_release(&alpha);
    if (e == ERR_NONE)
        narrow_zones(work);
    return e;
}

/* ---- judging ---- */

static const char *part_at(const struct face_landmarks *marks, double x, double y)
{
    static const struct {
        const char *name;
        size_t first, last;
    } parts[] = {{"an eye", 36, 47}, {"the mouth", 48, 67}, {"the nose", 27, 35}, {"a brow", 17, 26}};
    double reach = 0.06 * (double)(marks->points[16].x_px - marks->points[0].x_px), nearest = reach * reach;
    const char *name = "the skin";
    for (size_t i = 0; i < countof(parts); i++)
        for (size_t p = parts[i].first; p <= parts[i].last; p++) {
            double dx = marks->points[p].x_px - x, dy = marks->points[p].y_px - y;
            if (dx * dx + dy * dy < nearest) {
                nearest = dx * dx + dy * dy;
                name = parts[i].name;
            }
        }
    return name;
}

static bool judge_motion(struct work *work)
{
    const struct verify_numbers *n = &work->numbers;
    const struct proof_motion *m = &n->motion;
    size_t before = work->reason_count;
    if (n->mirrored_mean < 0.6 * fmin(n->mean, n->moved_mean)) {
        fail(work, "mirrored", "Mirrored: the mirrored original fits better (%.1f) than the original (%.1f).",
             n->mirrored_mean, n->mean);
        return true;
    }
    if (n->moved_mean > 0.75 * n->mean)
        return false; /* no motion explains it */
    if (fabs(m->degrees) > VERIFY_TURN_MAX_DEG)
        fail(work, "rotated", "Turned by %.2f degrees.", m->degrees);
    if (fabs(m->scale - 1) > VERIFY_SCALE_MAX)
        fail(work, "scaled", "Scaled by %.4f beyond the ledger's numbers.", m->scale);
    if (work->reason_count == before && hypot(m->right_px, m->down_px) > VERIFY_MOVE_MAX_PX)
        fail(work, "moved", "Shifted by %.1f, %.1f px beyond the ledger's numbers.", m->right_px, m->down_px);
    return work->reason_count > before;
}

static void judge_tone(struct work *work)
{
    const struct proof_tone *tone = &work->numbers.tone;
    for (size_t c = 0; c < 3; c++) {
        double offset = tone->offset[c] + (tone->gain[c] - 1) * 128;
        if (fabs(tone->gain[c] - 1) > VERIFY_GAIN_MAX || fabs(offset) > VERIFY_OFFSET_MAX) {
            fail(work, "tone", "Brightness or colour was changed: %s × %.2f %+.0f.",
                 c == 0   ? "red"
                 : c == 1 ? "green"
                          : "blue",
                 tone->gain[c], tone->offset[c]);
            return;
        }
    }
}

/* Another version's filter blurs or sharpens everything alike; a skin filter only skin. */
static void judge_detail(struct work *work)
{
    double detail = work->numbers.detail, elsewhere = work->numbers.detail_elsewhere;
    if (!work->same_versions && detail >= VERIFY_DETAIL_OTHER && elsewhere > 0)
        detail /= elsewhere;
    if (detail < VERIFY_DETAIL_MIN)
        fail(work, "smoothed", "The skin was smoothed: %.0f %% of its detail are left.", 100 * detail);
    else if (detail > VERIFY_DETAIL_MAX)
        fail(work, "sharpened", "The face was sharpened: %.0f %% of its detail.", 100 * detail);
}

static bool over(const struct proof_difference *difference)
{
    return difference->mean > VERIFY_MEAN_MAX || difference->max > VERIFY_DIFFERENCE_MAX;
}

static void judge_pixels(struct work *work)
{
    const struct verify_numbers *n = &work->numbers;
    struct face_landmarks marks;
    bool differs = over(&n->face) || over(&n->person);
    map_marks(work, &marks);
    if (differs && n->tone.correlation < VERIFY_CORRELATION_MIN && n->mirrored_mean >= 0.6 * n->mean) {
        fail(work, "other_picture", "This is not the original's picture (correlation %.2f).", n->tone.correlation);
        return;
    }
    bool moved = differs && judge_motion(work);
    if (!moved && differs)
        judge_tone(work);
    if (!moved)
        judge_detail(work);
    if (!moved && over(&n->face))
        fail(work, "changed", "The face differs at %d, %d (%s): %.0f of 255, %.2f on average.", (int)n->face.max_x,
             (int)n->face.max_y, part_at(&marks, n->face.max_x, n->face.max_y), n->face.max, n->face.mean);
    if (!moved && over(&n->person))
        fail(work, "changed", "Hair, neck or clothes differ at %d, %d: %.0f of 255, %.2f on average.",
             (int)n->person.max_x, (int)n->person.max_y, n->person.max, n->person.mean);
}

static enum err measure(struct work *work, char why[JOB_WHY_BYTES])
{
    const struct verify_ledger *ledger = &work->ledger;
    struct image_source source;
    char reason[IMAGE_WHY_BYTES] = "";
    enum err e =
        image_decode(work->output, work->output_len, FILE_SIDE_PX_MIN, FILE_EDGE_PX_MAX, &source, &work->photo, reason);
    if (e != ERR_NONE) {
        snprintf(why, JOB_WHY_BYTES, "The finished file: %.130s", reason);
        return e;
    }
    if (work->photo.width_px != ledger->width_px || work->photo.height_px != ledger->height_px) {
        fail(work, "output_size", "The finished file has %d × %d pixels, the ledger says %d × %d.",
             (int)work->photo.width_px, (int)work->photo.height_px, (int)ledger->width_px, (int)ledger->height_px);
        return ERR_NONE;
    }
    TRY(expect(work, why));
    if (!work->same_versions) {
        struct face_landmarks marks;
        map_marks(work, &marks);
        work->holes = proof_forgive_holes(&work->expected, &work->photo, ledger->colour, &marks, &work->zones);
        if (work->holes > VERIFY_HOLES_MAX)
            fail(work, "changed", "Background shows in %.0f %% of the person.", 100 * work->holes);
    }
    TRY(verify_measure(&work->expected, &work->photo, &work->zones, ledger->colour, VERIFY_DIFFERENCE_MAX,
                       &work->numbers));
    work->measured = true;
    judge_pixels(work);
    const struct verify_numbers *n = &work->numbers;
    if (ledger->replaced && n->background_error > VERIFY_BACKGROUND_MAX)
        fail(work, "background", "The background is off by %d at %d, %d.", n->background_error, n->background_x,
             n->background_y);
    return ERR_NONE;
}

/* ---- the job ---- */

static enum err read_request(struct work *work, const struct json *request, const struct frame *frame,
                             struct job_reply *reply)
{
    const char *wrong = NULL;
    work->report = json_at(request, "report");
    if (!job_part(frame, 1, &work->original, &work->original_len) ||
        !job_part(frame, 2, &work->output, &work->output_len))
        wrong = "The original and the finished file are needed.";
    else if (work->report == NULL || work->report->kind != JSON_OBJECT)
        wrong = "The report or its ledger is needed.";
    else if (profile_read(json_at(request, "profile"), &work->profile) != ERR_NONE)
        wrong = "The profile is incomplete or makes no sense.";
    if (wrong != NULL) {
        snprintf(reply->why, sizeof reply->why, "%s", wrong);
        return ERR_BAD_FIELD;
    }
    if (!job_part(frame, 3, &work->repair, &work->repair_len))
        work->repair = NULL;
    return ERR_NONE;
}

static void put_operations(struct buf *b, const struct json *report)
{
    const struct json *list = json_at(report, "ledger");
    json_name(b, "operations");
    json_array_open(b);
    for (const struct json *item = list == NULL ? NULL : list->first; item != NULL; item = item->next)
        json_text(b, json_text_at(item, "operation", "?"));
    json_array_close(b);
}

static void write_result(struct buf *b, const struct work *work)
{
    json_object_open(b);
    json_put_text(b, "kind", "verify");
    json_put_text(b, "verdict", work->reason_count > 0 ? "failed" : work->identical ? "identical" : "equal");
    json_name(b, "reasons");
    json_array_open(b);
    for (size_t i = 0; i < work->reason_count; i++) {
        json_object_open(b);
        json_put_text(b, "code", work->reasons[i].code);
        json_put_text(b, "text", work->reasons[i].text);
        json_object_close(b);
    }
    json_array_close(b);
    put_operations(b, work->report);
    json_name(b, "rerun");
    json_object_open(b);
    json_put_bool(b, "made", work->remade);
    json_put_bool(b, "same_versions", work->same_versions);
    json_put_bool(b, "identical", work->identical);
    json_put_text(b, "why", work->not_remade);
    json_object_close(b);
    json_name(b, "measured");
    json_object_open(b);
    if (work->measured)
        verify_measure_write(b, &work->numbers);
    json_put_number(b, "holes", work->holes, 4);
    json_object_close(b);
    json_put_raw(b, "parts", "[]");
    json_object_close(b);
}

static enum err run(struct work *work, char why[JOB_WHY_BYTES])
{
    struct verify_fault fault;
    if (verify_ledger_read(work->report, &work->ledger, &fault) != ERR_NONE) {
        fail(work, fault.code, "%s", fault.text);
        return ERR_NONE; /* its numbers mean nothing: nothing else can be asked */
    }
    if (work->ledger.width_px != work->profile.width_px || work->ledger.height_px != work->profile.height_px) {
        snprintf(why, JOB_WHY_BYTES, "The ledger was made by another profile than the one given.");
        return ERR_BAD_FIELD;
    }
    check_hashes(work);
    TRY(make_again(work, why));
    return measure(work, why);
}

enum err job_verify(struct job_tools *tools, const struct json *request, const struct frame *frame,
                    struct job_reply *reply)
{
    struct work work = {.tools = tools};
    TRY(read_request(&work, request, frame, reply));
    enum err e = run(&work, reply->why);
    if (e == ERR_NONE)
        write_result(&reply->json, &work);
    retouch_release(&work.made);
    image_release(&work.photo);
    image_release(&work.expected);
    plane_release(&work.zones);
    return e;
}
