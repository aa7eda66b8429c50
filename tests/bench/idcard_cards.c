/* xueying-idcard-cards [--cards N] [--emblems N] [--seed N] [--hopeless N] [--keep DIR] — draws identity cards of four
 * levels of trouble, has the sandboxed worker read them, and prints what came of it.
 *
 * Every other card is asked about without its name: then the reader proposes one. --emblems draws so many emblem sides
 * too: how many validities are read, and that none is read wrong.
 *
 * Exit 0: nothing was read wrong and at least 95 % of the numbers were read; 1: not so; 77: a model is missing.
 * --hopeless adds pictures nobody needs to be able to read: they count for "wrong" only. --keep writes every picture
 * that was not read, with the card as it was laid flat. Photographs for the cards come from $XUEYING_SAMPLES or
 * ../shared/samples; without them faces are drawn. */
#include "base/json.h"
#include "base/text.h"
#include "dispatch/worker_client.c"
#include "tests/idcard/draw.h"

#include <getopt.h>
#include <glob.h>
#include <math.h>

#define FACES_MAX      24
#define EXACT_MIN      0.95
#define SIMILAR_MIN    0.5
#define JOB_TIMEOUT_MS 60000

enum { EXIT_SKIP = 77 };

struct options {
    int64_t cards, emblems, seed, hopeless;
    const char *keep;
};

struct row {
    int cards, exact, refused, wrong, named, proposed, proposed_exact, faces;
    double wall_ms, cpu_ms, slowest_ms;
};

struct run {
    struct options options;
    struct worker_client client;
    struct draw_random random;
    struct image faces[FACES_MAX];
    int face_count;
    struct row rows[DRAW_LEVELS], emblems[DRAW_LEVELS];
};

static bool options_read(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"cards", required_argument, NULL, 'c'}, {"emblems", required_argument, NULL, 'e'},
        {"seed", required_argument, NULL, 's'},  {"hopeless", required_argument, NULL, 'h'},
        {"keep", required_argument, NULL, 'k'},  {NULL, 0, NULL, 0}};
    *options = (struct options){400, 0, 20260501, 0, NULL};
    bool good = true;
    for (int c; good && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'k')
            options->keep = optarg;
        else if (c == 'e')
            good = text_int(optarg, &options->emblems);
        else if (c == 'c' || c == 's' || c == 'h')
            good = text_int(optarg, c == 'c' ? &options->cards : c == 's' ? &options->seed : &options->hopeless);
        else
            good = false;
    }
    return good && optind == argc && options->cards >= 0 && options->cards <= 100000 && options->emblems >= 0 &&
           options->emblems <= 100000 && options->hopeless >= 0;
}

/* ---- faces ---- */

/* The middle of a 250 × 250 portrait, in the shape of a card's photo. */
static bool load_face(const char *path, struct image *out)
{
    static unsigned char bytes[MIB(1)];
    struct image_source source;
    struct image whole;
    char why[IMAGE_WHY_BYTES];
    FILE *file = fopen(path, "rbe");
    size_t len = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
    if (file != NULL)
        fclose(file);
    if (len == 0 || image_decode(bytes, len, 90, 800, &source, &whole, why) != ERR_NONE)
        return false;
    struct resample_area middle = {whole.width_px * 0.20, whole.height_px * 0.13, whole.width_px * 0.60,
                                   whole.width_px * 0.60 * 32 / 26};
    enum err e = resample(&whole, &middle, 416, 512, RESAMPLE_LANCZOS, out);
    image_release(&whole);
    return e == ERR_NONE;
}

static void load_faces(struct run *run)
{
    char pattern[PATH_BYTES];
    glob_t found = {0};
    const char *folder = getenv("XUEYING_SAMPLES");
    snprintf(pattern, sizeof pattern, "%s/faces/johns/*/*.jpg", folder != NULL ? folder : "../shared/samples");
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc && run->face_count < FACES_MAX; i += 5)
            run->face_count += load_face(found.gl_pathv[i], &run->faces[run->face_count]);
    globfree(&found);
}

/* ---- one card ---- */

static double worker_cpu_ms(const struct run *run)
{
    clockid_t clock;
    struct timespec spent;
    if (clock_getcpuclockid(run->client.pid, &clock) != 0 || clock_gettime(clock, &spent) != 0)
        return 0;
    return (double)spent.tv_sec * 1e3 + (double)spent.tv_nsec / 1e6;
}

static void keep_file(const struct run *run, const char *name, int number, const void *bytes, size_t len)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%04d-%s.jpg", run->options.keep, number, name);
    FILE *file = fopen(path, "wbe");
    if (file == NULL)
        return;
    fwrite(bytes, 1, len, file);
    fclose(file);
}

static void keep_trouble(const struct run *run, int number, const struct buf *jpeg, const struct frame *answer)
{
    keep_file(run, "picture", number, jpeg->bytes, jpeg->len);
    if (answer->part_count > 1)
        keep_file(run, "flat", number, answer->parts[answer->part_count - 1].bytes,
                  answer->parts[answer->part_count - 1].len);
}

static void count(struct row *row, const struct json *tree, const struct drawn_person *person, double wall_ms,
                  double cpu_ms)
{
    const char *value = json_text_at(tree, "number.value", NULL);
    row->cards++;
    row->exact += value != NULL && text_is(value, person->number);
    row->wrong += value != NULL && !text_is(value, person->number);
    row->refused += value == NULL;
    row->named += json_number_at(tree, "name.similarity", 0) >= SIMILAR_MIN;
    const char *proposal = json_text_at(tree, "name.proposal", NULL);
    row->proposed += proposal != NULL;
    row->proposed_exact += proposal != NULL && text_is(proposal, person->name);
    row->faces += json_at(tree, "face.box") != NULL;
    row->wall_ms += wall_ms;
    row->cpu_ms += cpu_ms;
    row->slowest_ms = fmax(row->slowest_ms, wall_ms);
}

static bool one_card(struct run *run, int number, enum draw_level level)
{
    struct drawn_person person;
    struct buf jpeg, request;
    struct frame answer;
    struct arena *arena = arena_new(MIB(1));
    const struct json *tree = NULL;
    buf_init(&jpeg, MIB(8));
    buf_init(&request, KIB(4));
    int face = draw_pick(&run->random, 2 * FACES_MAX);
    draw_file(&run->random, level, face < run->face_count ? &run->faces[face] : NULL, &person, &jpeg);
    json_object_open(&request);
    json_put_text(&request, "kind", "idcard");
    if (number / DRAW_HOPELESS % 2 == 0)
        json_put_text(&request, "name", person.name);
    json_put_bool(&request, "flat", run->options.keep != NULL);
    json_object_close(&request);
    struct part parts[2] = {{request.bytes, request.len}, {jpeg.bytes, jpeg.len}};
    double cpu_ms = worker_cpu_ms(run);
    int64_t start_us = clock_mono_us();
    bool good = worker_client_run(&run->client, parts, 2, JOB_TIMEOUT_MS, &answer) == ERR_NONE;
    double wall_ms = (double)(clock_mono_us() - start_us) / 1e3;
    good = good && answer.type == FRAME_RESULT &&
           json_read(answer.parts[0].bytes, answer.parts[0].len, arena, &tree) == ERR_NONE;
    if (good) {
        count(&run->rows[level], tree, &person, wall_ms, worker_cpu_ms(run) - cpu_ms);
        if (run->options.keep != NULL && !text_is(json_text_at(tree, "number.value", ""), person.number))
            keep_trouble(run, number, &jpeg, &answer);
        frame_release(&answer);
    }
    arena_free(arena);
    buf_release(&request);
    buf_release(&jpeg);
    return good;
}

/* ---- one emblem side ---- */

static void count_validity(struct row *row, const struct json *tree, const struct drawn_validity *validity)
{
    const char *from = json_text_at(tree, "validity.from", NULL), *until = json_text_at(tree, "validity.until", NULL);
    bool exact = text_is(from, validity->from) && text_is(until, validity->until);
    row->cards++;
    row->exact += exact;
    row->refused += until == NULL;
    row->wrong += until != NULL && !exact;
}

static bool one_emblem(struct run *run, enum draw_level level)
{
    static const char request[] = "{\"kind\":\"idcard\",\"side\":\"emblem\"}";
    struct drawn_validity validity;
    struct buf jpeg;
    struct frame answer;
    struct arena *arena = arena_new(MIB(1));
    const struct json *tree = NULL;
    buf_init(&jpeg, MIB(8));
    draw_emblem_file(&run->random, level, &validity, &jpeg);
    struct part parts[2] = {{request, sizeof request - 1}, {jpeg.bytes, jpeg.len}};
    bool good = worker_client_run(&run->client, parts, 2, JOB_TIMEOUT_MS, &answer) == ERR_NONE;
    good = good && answer.type == FRAME_RESULT &&
           json_read(answer.parts[0].bytes, answer.parts[0].len, arena, &tree) == ERR_NONE;
    if (good) {
        count_validity(&run->emblems[level], tree, &validity);
        frame_release(&answer);
    }
    arena_free(arena);
    buf_release(&jpeg);
    return good;
}

/* ---- all of them ---- */

static bool run_all(struct run *run)
{
    for (int i = 0; i < run->options.cards; i++)
        if (!one_card(run, i, (enum draw_level)(i % DRAW_HOPELESS)))
            return false;
    for (int i = 0; i < run->options.emblems; i++)
        if (!one_emblem(run, (enum draw_level)(i % DRAW_LEVELS)))
            return false;
    for (int i = 0; i < run->options.hopeless; i++)
        if (!one_card(run, 100000 + i, DRAW_HOPELESS))
            return false;
    return true;
}

static int tell_emblems(const struct run *run)
{
    int wrong = 0;
    if (run->options.emblems > 0)
        printf("validity  cards  exact  refused  wrong\n");
    for (int level = 0; level < DRAW_LEVELS; level++) {
        const struct row *row = &run->emblems[level];
        if (row->cards > 0)
            printf("%-9s %5d  %5d  %7d  %5d\n", draw_level_name((enum draw_level)level), row->cards, row->exact,
                   row->refused, row->wrong);
        wrong += row->wrong;
    }
    return wrong;
}

static int tell(const struct run *run)
{
    int cards = 0, exact = 0, wrong = tell_emblems(run);
    printf("level     cards  exact  refused  wrong  name>=0.5  proposed  exact  faces  ms mean  ms max  cpu ms\n");
    for (int level = 0; level < DRAW_LEVELS; level++) {
        const struct row *row = &run->rows[level];
        if (row->cards == 0)
            continue;
        printf("%-9s %5d  %5d  %7d  %5d  %9d  %8d  %5d  %5d  %7.0f  %6.0f  %6.0f\n",
               draw_level_name((enum draw_level)level), row->cards, row->exact, row->refused, row->wrong, row->named,
               row->proposed, row->proposed_exact, row->faces, row->wall_ms / row->cards, row->slowest_ms,
               row->cpu_ms / row->cards);
        wrong += row->wrong;
        if (level == DRAW_HOPELESS)
            continue;
        cards += row->cards;
        exact += row->exact;
    }
    bool good = wrong == 0 && exact >= EXACT_MIN * cards;
    printf("%d of %d exact, %d wrong: %s\n", exact, cards, wrong, good ? "good" : "missed");
    return good ? 0 : 1;
}

static bool models_there(char *path, size_t size)
{
    char beside[PATH_BYTES] = "", network[PATH_BYTES + 32];
    beside_program("models", beside);
    const char *folders[] = {getenv("XUEYING_MODELS"), beside, "build/models"};
    for (size_t i = 0; i < countof(folders); i++) {
        snprintf(path, size, "%s", folders[i] != NULL ? folders[i] : "");
        snprintf(network, sizeof network, "%s/face_recognition.dat", path);
        if (access(network, R_OK) == 0)
            return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    static struct run run;
    char models[PATH_BYTES];
    if (!options_read(argc, argv, &run.options)) {
        fputs("usage: xueying-idcard-cards [--cards N] [--emblems N] [--seed N] [--hopeless N] [--keep DIR]\n", stderr);
        return 2;
    }
    if (!models_there(models, sizeof models)) {
        puts("SKIP: the models are not there (tools/models)");
        return EXIT_SKIP;
    }
    image_start();
    run.random.state = (uint64_t)run.options.seed;
    load_faces(&run);
    struct worker_spawn_options spawn = {.models_folder = models, .threads = 1};
    if (worker_client_start(&run.client, &spawn) != ERR_NONE) {
        puts("the worker did not start");
        return 1;
    }
    bool done = run_all(&run);
    draw_end();
    worker_client_stop(&run.client, NULL);
    for (int i = 0; i < run.face_count; i++)
        image_release(&run.faces[i]);
    if (done)
        return tell(&run);
    puts("the worker refused a card (are tesseract's models installed?)");
    return 1;
}
