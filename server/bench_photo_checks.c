#include "bench_photo_checks.h"

#include "base/json.h"
#include "base/text.h"
#include "bench_bare.h"
#include "cli_image.h"
#include "workers/profile.h"

#include <glob.h>
#include <limits.h>
#include <math.h>

#define COPY_QUALITY   95
#define COPY_BYTES_MAX MIB(16)
#define ARENA_BYTES    MIB(8)
#define IN_FLIGHT_MAX  3
#define CHECKS_MAX     64

/* ---- the good photos, and what is wrong with them all the same ---- */

/* faults: the checks that may truly speak up, each name between blanks. "*": not judged at all. */
struct portrait {
    const char *file, *faults;
};
static const struct portrait portraits[] = {
    {"portraits/biden.jpg",
     " source_eye_distance roll background_spread background_edges half_lit strangers shoulder_tilt "},
    {"portraits/biden2.jpg", " mouth_closed half_lit background_spread background_edges missing_above shoulder_tilt "
                             "low_contrast "}, /* a dark suit before a dark picture */
    {"portraits/obama.jpg", " source_eye_distance mouth_closed background_spread background_edges missing_above "
                            "strangers "},
    {"portraits/obama2.jpg", " source_eye_distance roll yaw mouth_closed background_spread background_edges strangers "
                             "shoulder_tilt low_contrast "},
    {"portraits/partial_face.jpg", " * "}, /* half a face: for hits only */
    {"portraits/portrait0.jpg", " source_eye_distance mouth_closed half_lit "},
    {"portraits/portrait3.jpg", " source_eye_distance missing_above "},
    {"portraits/portrait4.jpg", " source_eye_distance brows_shown "},
};

/* Crops of faces, 150 px wide; enlarged they are large enough for the checks that look at the face alone. One letter
 * per crop in the order of the file names: o mouth open, c closed, - cannot be said, O and _ the same under orange
 * light. */
static const struct {
    const char *person, *mouths;
} crops[] = {
    {"John_Salley", "ooooooooooo"},  {"John_Savage", "ooooooooooo"}, {"John_Schneider", "ocooccccocc"},
    {"John_Shimkus", "o--oo_--_--"}, {"John_Simm", "oooooo-ccoo"},
};
#define CROP_ENLARGED 3
#define CROP_CHECKS   " mouth_closed eyes_open overexposed natural_colour red_eye eye_glare "

/* ---- the bad ones ---- */

static const struct fault {
    const char *label, *name;
    double amount;
    int quality;
    const char *checks[3]; /* any of them counts */
} faults[] = {
    {"blur, sigma 1", "blur", 1, COPY_QUALITY, {"sharpness"}},
    {"blur, sigma 2", "blur", 2, COPY_QUALITY, {"sharpness"}},
    {"blur, sigma 3", "blur", 3, COPY_QUALITY, {"sharpness"}},
    {"JPEG quality 10", "none", 0, 10, {"sharpness"}},
    {"dark, x 0.35", "light", 0.35, COPY_QUALITY, {"underexposed", "dynamic_range"}},
    {"bright, x 1.7", "light", 1.7, COPY_QUALITY, {"overexposed"}},
    {"half-lit, down to 0.3", "half_lit", 0.3, COPY_QUALITY, {"half_lit"}},
    {"green light", "green_light", 0, COPY_QUALITY, {"natural_colour"}},
    {"tilt 6 deg", "tilt", 6, COPY_QUALITY, {"roll"}},
    {"tilt 12 deg", "tilt", 12, COPY_QUALITY, {"roll"}},
    {"tilt 16 deg", "tilt", 16, COPY_QUALITY, {"roll"}},
    {"turn 12 deg (cylinder)", "cylinder", 12, COPY_QUALITY, {"yaw"}},
    {"turn 24 deg (cylinder)", "cylinder", 24, COPY_QUALITY, {"yaw"}},
    {"low resolution, eyes 70 px", "small", 70, COPY_QUALITY, {"source_eye_distance"}},
    {"crown cut off", "cut_crown", 0, COPY_QUALITY, {"hair_complete", "missing_above", "crown"}},
    {"chest cut off", "cut_chest", 0, COPY_QUALITY, {"missing_below", "bottom_missing"}},
    {"busy wall", "busy_wall", 0, COPY_QUALITY, {"background_spread", "background_edges"}},
    {"shadow on the wall", "wall_shadow", 0, COPY_QUALITY, {"wall_shadow", "background_spread"}},
    {"blue shirt (painted)", "blue_shirt", 0, COPY_QUALITY, {"clothes_like_background"}},
    {"second head, same size", "second_head", 1, COPY_QUALITY, {"face_count"}},
    {"second head, 0.45", "second_head", 0.45, COPY_QUALITY, {"strangers", "face_count"}},
    {"open mouth (painted)", "open_mouth", 0.12, COPY_QUALITY, {"mouth_closed"}},
    {"closed eyes (squeezed)", "close_eyes", 0, COPY_QUALITY, {"eyes_open"}},
    {"fringe (painted)", "fringe", 0, COPY_QUALITY, {"brows_shown"}},
    {"red eyes (painted)", "red_eyes", 0, COPY_QUALITY, {"red_eye"}},
    {"glare (painted)", "glare", 0, COPY_QUALITY, {"eye_glare"}},
    {"screen 2.6 px (simulated)", "screen", 2.6, COPY_QUALITY, {"rephoto"}},
    {"screen 1.7 px (simulated)", "screen", 1.7, COPY_QUALITY, {"rephoto"}},
    {"screen 3.4 px (simulated)", "screen", 3.4, COPY_QUALITY, {"rephoto"}},
    {"print 5 px (simulated)", "print", 5, COPY_QUALITY, {"rephoto"}},
    {"print 3 px (simulated)", "print", 3, COPY_QUALITY, {"rephoto"}},
    {"print 8 px (simulated)", "print", 8, COPY_QUALITY, {"rephoto"}},
    /* Nothing is wrong with these: what phones and messengers do to good photos. */
    {"reduced to 0.75", "enlarge", 0.75, COPY_QUALITY, {NULL}},
    {"reduced to 0.6, JPEG 75", "enlarge", 0.6, 75, {NULL}},
    {"enlarged by 1.5", "enlarge", 1.5, COPY_QUALITY, {NULL}},
    {"JPEG quality 85", "none", 0, 85, {NULL}},
    {"JPEG quality 60", "none", 0, 60, {NULL}},
    {"a little brighter", "light", 1.12, 90, {NULL}},
    {"a little darker", "light", 0.85, 90, {NULL}},
};
#define HARMLESS_MAY_TELL " source_eye_distance sharpness "

/* ---- what is counted ---- */

enum verdict { PASS, WARN, FAIL, NOT_JUDGED };

struct verdicts {
    const char *names[CHECKS_MAX];
    enum verdict of[CHECKS_MAX];
    double measured[CHECKS_MAX];
    size_t count;
};

struct check_tally {
    const char *name;
    int judged, false_warns, false_fails, truly; /* on good photos; truly: spoke up where the table says it may */
    double lowest, highest;                      /* measured on the photos free of it */
};

struct fault_tally {
    int copies, warned, failed;
    int faceless; /* no face was found any more: refused for that, whatever the check would say */
    double passed_lowest, passed_highest; /* what the first check measured where it missed */
};

struct job {
    uint64_t id;
    const struct portrait *portrait; /* NULL: a crop */
    char mouth;                      /* of a crop */
    int fault;                       /* -1: as it is */
    char label[96];
};

struct bench {
    struct arena *arena; /* names of checks and the clean reports */
    struct worker_client client;
    struct bench_bare maker;
    struct verdicts clean[countof(portraits)];
    double places[countof(portraits)][12];
    bool has_places[countof(portraits)];
    struct check_tally checks[CHECKS_MAX];
    size_t check_count;
    struct fault_tally faults[countof(faults)];
    int mouth_open, mouth_open_told, mouth_closed, mouth_closed_told;
    struct job jobs[IN_FLIGHT_MAX];
    size_t in_flight;
    bool verbose;
};

static bool names_check(const char *list, const char *name)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, " %s ", name);
    return strstr(list, wanted) != NULL;
}

static struct check_tally *tally_of(struct bench *bench, const char *name)
{
    for (size_t i = 0; i < bench->check_count; i++)
        if (text_is(bench->checks[i].name, name))
            return &bench->checks[i];
    struct check_tally *made = &bench->checks[bench->check_count++];
    *made = (struct check_tally){.name = arena_text(bench->arena, name), .lowest = INFINITY, .highest = -INFINITY};
    return made;
}

static void read_verdicts(struct bench *bench, const struct json *report, struct verdicts *out)
{
    const struct json *checks = json_at(report, "checks");
    *out = (struct verdicts){.count = 0};
    for (const struct json *c = checks == NULL ? NULL : checks->first; c != NULL && out->count < CHECKS_MAX;
         c = c->next) {
        const char *verdict = json_text_at(c, "verdict", "");
        out->names[out->count] = tally_of(bench, json_text_at(c, "id", "?"))->name;
        out->measured[out->count] = json_number_at(c, "measured", NAN);
        out->of[out->count++] = text_is(verdict, "fail") ? FAIL : text_is(verdict, "warn") ? WARN : PASS;
    }
}

static enum verdict verdict_of(const struct verdicts *verdicts, const char *name, double *measured)
{
    for (size_t i = 0; i < verdicts->count; i++)
        if (text_is(verdicts->names[i], name)) {
            *measured = verdicts->measured[i];
            return verdicts->of[i];
        }
    *measured = NAN;
    return NOT_JUDGED;
}

/* What this photo may be told, beyond what is wrong with it. */
static bool may_be_told(const struct job *job, const char *check)
{
    if (job->fault >= 0 && names_check(HARMLESS_MAY_TELL, check))
        return true;
    if (job->portrait != NULL)
        return names_check(job->portrait->faults, check);
    return (text_is(check, "mouth_closed") && job->mouth != 'c') ||
           (text_is(check, "natural_colour") && (job->mouth == 'O' || job->mouth == '_'));
}

static void count_good(struct bench *bench, const struct job *job, const struct verdicts *verdicts)
{
    if (job->portrait != NULL && names_check(job->portrait->faults, "*"))
        return;
    for (size_t i = 0; i < verdicts->count; i++) {
        if (job->portrait == NULL && !names_check(CROP_CHECKS, verdicts->names[i]))
            continue;
        struct check_tally *tally = tally_of(bench, verdicts->names[i]);
        bool speaks = verdicts->of[i] != PASS;
        if (may_be_told(job, verdicts->names[i])) {
            tally->truly += speaks;
            continue;
        }
        tally->judged++;
        tally->false_warns += verdicts->of[i] == WARN;
        tally->false_fails += verdicts->of[i] == FAIL;
        tally->lowest = fmin(tally->lowest, verdicts->measured[i]);
        tally->highest = fmax(tally->highest, verdicts->measured[i]);
        if (speaks && bench->verbose)
            printf("  %s: false %s of %s (%.3g)\n", job->label, verdicts->of[i] == FAIL ? "failure" : "warning",
                   verdicts->names[i], verdicts->measured[i]);
    }
}

static void count_mouth(struct bench *bench, const struct job *job, const struct verdicts *verdicts)
{
    double measured;
    enum verdict verdict = verdict_of(verdicts, "mouth_closed", &measured);
    if (job->portrait != NULL || verdict == NOT_JUDGED)
        return;
    bench->mouth_open += job->mouth == 'o' || job->mouth == 'O';
    bench->mouth_open_told += (job->mouth == 'o' || job->mouth == 'O') && verdict != PASS;
    bench->mouth_closed += job->mouth == 'c';
    bench->mouth_closed_told += job->mouth == 'c' && verdict == PASS;
}

/* The strongest of the checks a fault should trip, beyond what the photo tripped before. */
static void count_bad(struct bench *bench, const struct job *job, const struct verdicts *verdicts)
{
    const struct verdicts *before = &bench->clean[job->portrait - portraits];
    const struct fault *fault = &faults[job->fault];
    struct fault_tally *tally = &bench->faults[job->fault];
    enum verdict best = PASS;
    double first = NAN, measured;
    bool counts = false;
    for (size_t i = 0; i < countof(fault->checks) && fault->checks[i] != NULL; i++) {
        enum verdict was = verdict_of(before, fault->checks[i], &measured);
        enum verdict is = verdict_of(verdicts, fault->checks[i], &measured);
        first = i == 0 ? measured : first;
        counts = counts || was != FAIL;
        if (is != NOT_JUDGED && (was == NOT_JUDGED || is > was) && is > best)
            best = is;
    }
    if (!counts)
        return;
    tally->copies++;
    if (best == PASS && verdict_of(verdicts, "face_count", &measured) == FAIL && measured < 1) {
        tally->faceless++;
        return;
    }
    tally->warned += best == WARN;
    tally->failed += best == FAIL;
    if (best == PASS) {
        tally->passed_lowest = fmin(tally->passed_lowest, first);
        tally->passed_highest = fmax(tally->passed_highest, first);
        if (bench->verbose)
            printf("  %s: missed (%s %.3g)\n", job->label, fault->checks[0], first);
    }
}

/* ---- where the head is, from the report of the clean photo ---- */

struct rect {
    double x, y, width, height;
};

static bool place_of(const struct json *report, const char *id, struct rect *out)
{
    const struct json *checks = json_at(report, "checks");
    for (const struct json *c = checks == NULL ? NULL : checks->first; c != NULL; c = c->next)
        if (text_is(json_text_at(c, "id", ""), id)) {
            *out = (struct rect){json_number_at(c, "at.x", 0), json_number_at(c, "at.y", 0),
                                 json_number_at(c, "at.w", 0), json_number_at(c, "at.h", 0)};
            return out->width > 0;
        }
    return false;
}

/* From finished pixels back to those of the upright original, by the crop of the ledger. */
static bool read_places(const struct json *report, double out[12])
{
    struct rect eyes, mouth, face, crown;
    const struct json *ledger = json_at(report, "ledger"), *step = ledger == NULL ? NULL : ledger->first;
    while (step != NULL && !text_is(json_text_at(step, "operation", ""), "crop_scale"))
        step = step->next;
    if (step == NULL || !place_of(report, "roll", &eyes) || !place_of(report, "mouth_closed", &mouth) ||
        !place_of(report, "face_width", &face) || !place_of(report, "crown", &crown))
        return false;
    double unit = 1 / json_number_at(step, "scale", 1), x = json_number_at(step, "x_px", 0);
    double y = json_number_at(step, "y_px", 0), eye_distance = eyes.width / 1.7, eye_y = eyes.y + eyes.height / 2;
    const double finished[12] = {eyes.x + 0.35 * eye_distance,
                                 eye_y,
                                 eyes.x + 1.35 * eye_distance,
                                 eye_y,
                                 crown.height,
                                 face.y + face.height,
                                 mouth.x,
                                 mouth.y,
                                 mouth.x + mouth.width,
                                 mouth.y + mouth.height,
                                 face.x,
                                 face.x + face.width};
    static const bool is_x[12] = {true, false, true, false, false, false, true, false, true, false, true, true};
    for (int i = 0; i < 12; i++)
        out[i] = finished[i] * unit + (is_x[i] ? x : y);
    return true;
}

/* ---- jobs ---- */

static bool submit(struct bench *bench, struct part photo, const struct job *job)
{
    struct buf b;
    buf_init(&b, KIB(4));
    json_object_open(&b);
    json_put_text(&b, "kind", "standardise");
    json_name(&b, "profile");
    profile_write(&b, profile_named(PROFILE_DEFAULT));
    json_object_close(&b);
    struct part parts[2] = {{b.bytes, b.len}, photo};
    struct job *kept = &bench->jobs[bench->in_flight];
    *kept = *job;
    bool good = worker_client_submit(&bench->client, parts, 2, &kept->id) == ERR_NONE;
    bench->in_flight += good;
    buf_release(&b);
    return good;
}

static void take(struct bench *bench, const struct job *job, const struct json *tree)
{
    const struct json *report = json_at(tree, "report");
    struct verdicts verdicts;
    read_verdicts(bench, report, &verdicts);
    if (job->fault >= 0 && faults[job->fault].checks[0] != NULL) {
        count_bad(bench, job, &verdicts);
        return;
    }
    count_good(bench, job, &verdicts);
    count_mouth(bench, job, &verdicts);
    if (job->portrait == NULL || job->fault >= 0)
        return;
    size_t i = (size_t)(job->portrait - portraits);
    bench->clean[i] = verdicts;
    bench->has_places[i] = read_places(report, bench->places[i]);
}

static bool receive(struct bench *bench)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct json *tree;
    struct frame answer;
    bool good = worker_client_receive(&bench->client, CLI_JOB_TIMEOUT_MS, &answer) == ERR_NONE;
    if (good && answer.type == FRAME_RESULT)
        good = json_read(answer.parts[0].bytes, answer.parts[0].len, arena, &tree) == ERR_NONE;
    size_t i = 0;
    while (good && i < bench->in_flight && bench->jobs[i].id != answer.job_id)
        i++;
    good = good && i < bench->in_flight;
    if (good) {
        struct job job = bench->jobs[i];
        bench->jobs[i] = bench->jobs[--bench->in_flight];
        if (answer.type == FRAME_RESULT)
            take(bench, &job, tree);
        else if (bench->verbose)
            printf("  %s: refused\n", job.label);
        frame_release(&answer);
    }
    arena_free(arena);
    return good;
}

static bool drain(struct bench *bench, size_t until)
{
    bool good = true;
    while (good && bench->in_flight > until)
        good = receive(bench);
    return good;
}

/* ---- photos ---- */

/* The bytes are malloc'd; NULL when it cannot be made from this picture. */
static unsigned char *ask_for(struct bench *bench, const char *fault, double amount, int quality, const double *places,
                              const char *path, size_t *len)
{
    const double *p = places;
    *len = (size_t)bench_bare_ask(
        &bench->maker, "%s %g %d %.1f %.1f %.1f %.1f %.1f %.1f %.1f %.1f %.1f %.1f %.1f %.1f %s", fault, amount,
        quality, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], path);
    if (*len == 0 || *len > COPY_BYTES_MAX)
        return NULL;
    unsigned char *bytes = malloc(*len);
    if (bytes != NULL && fread(bytes, 1, *len, bench->maker.answer) != *len) {
        free(bytes);
        bytes = NULL;
    }
    return bytes;
}

static bool run_copy(struct bench *bench, const struct job *job, const char *fault, double amount, int quality,
                     const double *places, const char *path)
{
    size_t len;
    unsigned char *bytes = ask_for(bench, fault, amount, quality, places, path, &len);
    if (bytes == NULL) /* this picture does not allow it */
        return !ferror(bench->maker.answer) && !feof(bench->maker.answer);
    bool good = drain(bench, IN_FLIGHT_MAX - 1) && submit(bench, (struct part){bytes, len}, job);
    free(bytes);
    return good;
}

static bool run_portraits(struct bench *bench)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < countof(portraits); i++) {
        struct job job = {.portrait = &portraits[i], .fault = -1};
        struct part photo;
        snprintf(job.label, sizeof job.label, "%s", portraits[i].file);
        if (!bench_sample(portraits[i].file, path, sizeof path) || !cli_read_file(path, &photo))
            return false;
        bool good = drain(bench, IN_FLIGHT_MAX - 1) && submit(bench, photo, &job);
        free((void *)(uintptr_t)photo.bytes);
        if (!good)
            return false;
    }
    return drain(bench, 0);
}

/* A tilt goes the way the head leans already, a turn the way it looks: against it, it would straighten it. */
static double signed_amount(const struct bench *bench, size_t portrait, const struct fault *fault)
{
    const char *check = text_is(fault->name, "tilt") ? "roll" : text_is(fault->name, "cylinder") ? "yaw" : NULL;
    double measured = NAN;
    if (check != NULL)
        (void)verdict_of(&bench->clean[portrait], check, &measured);
    return measured < 0 && check != NULL ? -fault->amount : fault->amount;
}

static bool run_faults(struct bench *bench)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < countof(portraits); i++) {
        if (!bench->has_places[i] || !bench_sample(portraits[i].file, path, sizeof path))
            continue;
        for (size_t f = 0; f < countof(faults); f++) {
            struct job job = {.portrait = &portraits[i], .fault = (int)f};
            snprintf(job.label, sizeof job.label, "%s, %s", portraits[i].file, faults[f].label);
            if (!run_copy(bench, &job, faults[f].name, signed_amount(bench, i, &faults[f]), faults[f].quality,
                          bench->places[i], path))
                return false;
        }
    }
    return drain(bench, 0);
}

static bool run_crops_of(struct bench *bench, const char *person, const char *mouths)
{
    static const double nowhere[12] = {0};
    char name[64], folder[PATH_MAX], pattern[PATH_MAX];
    glob_t files = {0};
    snprintf(name, sizeof name, "faces/johns/%s", person);
    if (!bench_sample(name, folder, sizeof folder) ||
        (size_t)snprintf(pattern, sizeof pattern, "%s/*.jpg", folder) >= sizeof pattern)
        return false;
    bool good = glob(pattern, 0, NULL, &files) == 0 && files.gl_pathc == strlen(mouths); /* sorted by name */
    for (size_t i = 0; good && i < files.gl_pathc; i++) {
        struct job job = {.portrait = NULL, .fault = -1, .mouth = mouths[i]};
        snprintf(job.label, sizeof job.label, "%s %zu", person, i + 1);
        good = run_copy(bench, &job, "enlarge", CROP_ENLARGED, COPY_QUALITY, nowhere, files.gl_pathv[i]);
    }
    globfree(&files);
    return good;
}

static bool run_crops(struct bench *bench)
{
    bool good = true;
    for (size_t i = 0; good && i < countof(crops); i++)
        good = run_crops_of(bench, crops[i].person, crops[i].mouths);
    return good && drain(bench, 0);
}

/* ---- telling ---- */

static int missed(const struct fault_tally *t)
{
    return t->copies - t->warned - t->failed - t->faceless;
}

static void print_faults(const struct bench *bench)
{
    printf("\n%-27s %-24s %6s %6s %6s %8s %6s\n", "fault put in", "check", "copies", "warned", "failed", "faceless",
           "missed");
    for (size_t i = 0; i < countof(faults) && faults[i].checks[0] != NULL; i++) {
        const struct fault_tally *t = &bench->faults[i];
        printf("%-27s %-24s %6d %6d %6d %8d %6d", faults[i].label, faults[i].checks[0], t->copies, t->warned, t->failed,
               t->faceless, missed(t));
        if (missed(t) > 0)
            printf("  (%.3g … %.3g)", t->passed_lowest, t->passed_highest);
        printf("\n");
    }
}

static void print_checks(const struct bench *bench)
{
    printf("\n%-26s %8s %12s %12s %6s   %s\n", "check, on good photos", "judged", "false warns", "false fails", "true",
           "measured");
    for (size_t i = 0; i < bench->check_count; i++) {
        const struct check_tally *t = &bench->checks[i];
        printf("%-26s %8d %12d %12d %6d   %.3g … %.3g\n", t->name, t->judged, t->false_warns, t->false_fails, t->truly,
               t->lowest, t->highest);
    }
    printf("\nmouths of the face crops: %d of %d open ones told, %d of %d closed ones left alone\n\n",
           bench->mouth_open_told, bench->mouth_open, bench->mouth_closed_told, bench->mouth_closed);
}

static void print_json(const struct bench *bench)
{
    struct buf b;
    buf_init(&b, KIB(64));
    json_object_open(&b);
    json_name(&b, "faults");
    json_array_open(&b);
    for (size_t i = 0; i < countof(faults) && faults[i].checks[0] != NULL; i++) {
        const struct fault_tally *t = &bench->faults[i];
        json_object_open(&b);
        json_put_text(&b, "fault", faults[i].label);
        json_put_text(&b, "check", faults[i].checks[0]);
        json_put_int(&b, "copies", t->copies);
        json_put_int(&b, "warned", t->warned);
        json_put_int(&b, "failed", t->failed);
        json_put_int(&b, "faceless", t->faceless);
        json_put_int(&b, "missed", missed(t));
        json_object_close(&b);
    }
    json_array_close(&b);
    json_name(&b, "checks");
    json_array_open(&b);
    for (size_t i = 0; i < bench->check_count; i++) {
        const struct check_tally *t = &bench->checks[i];
        json_object_open(&b);
        json_put_text(&b, "check", t->name);
        json_put_int(&b, "judged", t->judged);
        json_put_int(&b, "false_warns", t->false_warns);
        json_put_int(&b, "false_fails", t->false_fails);
        json_put_int(&b, "true", t->truly);
        json_put_number(&b, "lowest", t->lowest, 3);
        json_put_number(&b, "highest", t->highest, 3);
        json_object_close(&b);
    }
    json_array_close(&b);
    json_object_close(&b);
    printf("%s\n", buf_cstr(&b));
    buf_release(&b);
}

static void add_rows(const struct bench *bench, struct bench_report *report)
{
    int warns = 0, fails = 0, judged = 0, misses = 0, copies = 0;
    for (size_t i = 0; i < bench->check_count; i++) {
        warns += bench->checks[i].false_warns;
        fails += bench->checks[i].false_fails;
        judged += bench->checks[i].judged;
    }
    for (size_t i = 0; i < countof(faults); i++) {
        copies += bench->faults[i].copies;
        misses += missed(&bench->faults[i]);
    }
    bench_add(report, (struct bench_row){"checks_false_fails", "verdicts", fails, 0, 0.5});
    bench_add(report, (struct bench_row){"checks_false_warns", "%", judged > 0 ? 100.0 * warns / judged : 0, 0, 0});
    bench_add(report, (struct bench_row){"checks_missed", "%", copies > 0 ? 100.0 * misses / copies : 0, 0, 0});
}

/* ---- the bench ---- */

static const char *run(struct bench *bench)
{
    static char program[PATH_MAX];
    char path[PATH_MAX], *args[] = {program, NULL};
    if (!bench_sample(portraits[0].file, path, sizeof path))
        return "the sample photographs are missing (XUEYING_SAMPLES)";
    if (!bench_beside("xueying-photo-faults", program, sizeof program) || !bench_bare_start(&bench->maker, args, NULL))
        return "xueying-photo-faults is not beside this program";
    /* Counts verdicts, not time: a busy machine may take as long as it needs. */
    struct worker_spawn_options options = {.threads = 2, .job_wall_ms = CLI_JOB_TIMEOUT_MS};
    if (worker_client_start(&bench->client, &options) != ERR_NONE)
        return "the image worker did not start (models? tools/models)";
    return run_portraits(bench) && run_crops(bench) && run_faults(bench) ? NULL : "a run failed";
}

bool bench_photo_checks(struct bench_report *report)
{
    static struct bench bench; /* large */
    memset(&bench, 0, sizeof bench);
    bench.arena = arena_new(ARENA_BYTES);
    bench.client.fd = -1;
    bench.verbose = !report->json;
    for (size_t i = 0; i < countof(faults); i++)
        bench.faults[i].passed_lowest = INFINITY, bench.faults[i].passed_highest = -INFINITY;
    const char *missing = run(&bench);
    if (missing != NULL)
        cli_say(CLI_FAILED, "photo-checks: %s", missing);
    else if (report->json)
        print_json(&bench);
    else {
        print_faults(&bench);
        print_checks(&bench);
    }
    if (missing == NULL)
        add_rows(&bench, report);
    worker_client_stop(&bench.client, NULL);
    bench_bare_stop(&bench.maker);
    arena_free(bench.arena);
    return missing == NULL;
}
