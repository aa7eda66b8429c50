#include "base/json.h"
#include "base/text.h"
#include "cli_image.h"

#include <getopt.h>
#include <unistd.h>

#define PATH_BYTES_MAX 1024
#define LINE_BYTES_MAX 4096
#define IN_FLIGHT_MAX  64

static const char usage[] =
    "usage: xueying face compare A.jpg B.jpg [--json] [--match X] [--mismatch Y]\n"
    "       xueying face compare --pairs P.csv [--match X] [--mismatch Y]\n"
    "\n"
    "Are the faces in two photos the same person's?  Verdict: match (distance below X, 0.50), grey (people look),\n"
    "mismatch (above Y, 0.65), no_face, many_faces, unreadable.\n"
    "P.csv has the columns a,b with one pair of files per line; each pair prints one JSON line in that order.\n"
    "Exit: 0 compared, 1 no comparison possible, 2 wrong usage, 3 a file cannot be read.\n";

struct face_options {
    const char *a, *b, *pairs;
    bool json;
    double match, mismatch;
};

static bool read_share(const char *text, double *value)
{
    char *end = NULL;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value > 0 && *value < 2;
}

/* -1: go on; else the exit code. */
static int options_read(int argc, char **argv, struct face_options *options)
{
    static const struct option known[] = {
        {"json", no_argument, NULL, 'j'},        {"pairs", required_argument, NULL, 'p'},
        {"match", required_argument, NULL, 'm'}, {"mismatch", required_argument, NULL, 'x'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    *options = (struct face_options){.match = 0.50, .mismatch = 0.65};
    bool good = true;
    optind = 0; /* glibc: start anew */
    for (int c; good && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'j':
            options->json = true;
            break;
        case 'p':
            options->pairs = optarg;
            break;
        case 'm':
            good = read_share(optarg, &options->match);
            break;
        case 'x':
            good = read_share(optarg, &options->mismatch);
            break;
        case 'h':
            fputs(usage, stdout);
            return CLI_DONE;
        default:
            good = false;
        }
    }
    int left = argc - optind;
    good = good && options->match <= options->mismatch && left == (options->pairs != NULL ? 1 : 3) &&
           text_is(argv[optind], "compare");
    if (!good) {
        fputs(usage, stderr);
        return CLI_USAGE;
    }
    if (options->pairs == NULL) {
        options->a = argv[optind + 1];
        options->b = argv[optind + 2];
    }
    return -1;
}

static void write_request(const struct face_options *options, char *json, size_t size)
{
    snprintf(json, size, "{\"kind\":\"compare\",\"thresholds\":{\"match\":%.4f,\"mismatch\":%.4f}}", options->match,
             options->mismatch);
}

/* ---- one pair ---- */

static int tell(const struct frame *answer, const struct json *tree, const void *asked)
{
    const struct face_options *options = asked;
    const char *verdict = json_text_at(tree, "verdict", "?");
    double distance = json_number_at(tree, "distance", -1);
    if (options->json)
        printf("%.*s\n", (int)answer->parts[0].len, (const char *)answer->parts[0].bytes);
    else if (distance >= 0)
        printf("%s: distance %.4f (match below %.3f, mismatch above %.3f)\n", verdict, distance, options->match,
               options->mismatch);
    if (text_is(verdict, "unreadable")) {
        bool first = json_text_at(tree, "a.why", NULL) != NULL;
        return cli_say(CLI_UNREADABLE, "%s: %s", first ? options->a : options->b,
                       json_text_at(tree, first ? "a.why" : "b.why", "cannot be read"));
    }
    if (text_is(verdict, "no_face") || text_is(verdict, "many_faces")) {
        bool first =
            text_is(verdict, "no_face") ? json_int_at(tree, "a.faces", 0) == 0 : json_int_at(tree, "a.faces", 0) > 1;
        return cli_say(CLI_FAILED, "%s: %s", first ? options->a : options->b,
                       text_is(verdict, "no_face") ? "no face was found" : "more than one face was found");
    }
    return CLI_DONE;
}

static int compare_two(const struct face_options *options)
{
    const char *const paths[] = {options->a, options->b};
    char json[128];
    write_request(options, json, sizeof json);
    return cli_job((struct part){json, strlen(json)}, paths, 2, NULL, tell, options);
}

/* ---- many pairs: several in flight, printed in the order of the file ---- */

struct pair {
    char a[PATH_BYTES_MAX], b[PATH_BYTES_MAX];
    uint64_t job_id; /* 0: not with the worker */
    struct frame answer;
    bool done; /* answered, or never sent because a file cannot be read (answer empty) */
};

struct pairs {
    FILE *file;
    struct pair *ring;           /* IN_FLIGHT_MAX */
    size_t first, count, number; /* oldest slot, used slots, pairs read so far */
    size_t window;               /* how many the worker takes at once */
    bool ended, bad_line, unreadable;
};

/* One field of a CSV line: plain, or "quoted" with "" for a quote. */
static bool take_field(const char **at, char out[PATH_BYTES_MAX])
{
    const char *from = *at;
    bool quoted = *from == '"';
    size_t len = 0;
    for (from += quoted; *from != '\0'; from++) {
        if (quoted && from[0] == '"' && from[1] != '"')
            break;
        if (!quoted && (*from == ',' || *from == '\n' || *from == '\r'))
            break;
        from += quoted && *from == '"';
        if (len + 1 == PATH_BYTES_MAX)
            return false;
        out[len++] = *from;
    }
    out[len] = '\0';
    if (quoted && *from++ != '"')
        return false;
    *at = from;
    return len > 0;
}

static bool read_line(FILE *file, char a[PATH_BYTES_MAX], char b[PATH_BYTES_MAX], bool *ended)
{
    char line[LINE_BYTES_MAX];
    do {
        *ended = fgets(line, sizeof line, file) == NULL;
        if (*ended)
            return true;
    } while (line[0] == '\n' || line[0] == '\r');
    const char *at = strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line; /* a spreadsheet's byte-order mark */
    bool good = take_field(&at, a) && *at++ == ',' && take_field(&at, b);
    return good && (*at == '\0' || *at == '\n' || *at == '\r' || *at == ',');
}

static void submit(struct pairs *pairs, struct pair *pair, struct worker_client *client,
                   const struct face_options *options)
{
    struct part parts[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    char json[128];
    write_request(options, json, sizeof json);
    parts[0] = (struct part){json, strlen(json)};
    bool sent = cli_read_file(pair->a, &parts[1]) && cli_read_file(pair->b, &parts[2]) &&
                worker_client_submit(client, parts, 3, &pair->job_id) == ERR_NONE;
    pair->done = !sent;
    pairs->unreadable = pairs->unreadable || !sent;
    free((void *)(uintptr_t)parts[1].bytes);
    free((void *)(uintptr_t)parts[2].bytes);
}

static void print_pair(const struct pair *pair, size_t number)
{
    struct buf b;
    buf_init(&b, KIB(64));
    json_object_open(&b);
    json_put_int(&b, "pair", (int64_t)number);
    json_put_text(&b, "a_file", pair->a);
    json_put_text(&b, "b_file", pair->b);
    if (pair->answer.part_count == 0)
        json_put_text(&b, "verdict", "unreadable");
    json_object_close(&b);
    if (pair->answer.part_count > 0) { /* the worker's members follow ours in the same object */
        printf("%.*s,", (int)b.len - 1, buf_cstr(&b));
        printf("%.*s\n", (int)pair->answer.parts[0].len - 1, (const char *)pair->answer.parts[0].bytes + 1);
    } else {
        printf("%s\n", buf_cstr(&b));
    }
    buf_release(&b);
}

static void print_done(struct pairs *pairs)
{
    while (pairs->count > 0 && pairs->ring[pairs->first].done) {
        struct pair *oldest = &pairs->ring[pairs->first];
        print_pair(oldest, pairs->number - pairs->count + 1);
        frame_release(&oldest->answer);
        pairs->first = (pairs->first + 1) % IN_FLIGHT_MAX;
        pairs->count--;
    }
    fflush(stdout);
}

static bool fill(struct pairs *pairs, struct worker_client *client, const struct face_options *options)
{
    while (!pairs->ended && pairs->count < pairs->window) {
        struct pair *pair = &pairs->ring[(pairs->first + pairs->count) % IN_FLIGHT_MAX];
        *pair = (struct pair){0};
        if (!read_line(pairs->file, pair->a, pair->b, &pairs->ended)) {
            cli_say(CLI_FAILED, "%s: pair %zu: not two columns", options->pairs, pairs->number + 1);
            pairs->bad_line = true;
            return false;
        }
        if (pairs->ended)
            break;
        pairs->number++;
        pairs->count++;
        submit(pairs, pair, client, options);
    }
    return true;
}

static bool receive(struct pairs *pairs, struct worker_client *client)
{
    struct frame answer;
    if (worker_client_receive(client, CLI_JOB_TIMEOUT_MS, &answer) != ERR_NONE) {
        cli_say(CLI_FAILED, "the image worker ended before it answered");
        return false;
    }
    for (size_t i = 0; i < pairs->count; i++) {
        struct pair *pair = &pairs->ring[(pairs->first + i) % IN_FLIGHT_MAX];
        if (pair->job_id == answer.job_id && !pair->done) {
            pair->answer = answer;
            pair->done = true;
            return true;
        }
    }
    frame_release(&answer);
    return false;
}

static int compare_pairs(const struct face_options *options)
{
    struct pairs pairs = {.file = fopen(options->pairs, "re")};
    struct worker_client client = {.fd = -1};
    char a[PATH_BYTES_MAX] = "", b[PATH_BYTES_MAX] = "";
    int code = CLI_UNREADABLE;
    if (pairs.file == NULL || !read_line(pairs.file, a, b, &pairs.ended) || !text_is(a, "a") || !text_is(b, "b")) {
        cli_say(CLI_FAILED, "%s: %s", options->pairs,
                pairs.file == NULL ? "cannot be opened" : "the first line must be a,b");
        goto out;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int threads = cores < 1 ? 1 : cores > 16 ? 16 : (int)cores;
    pairs.window = (size_t)threads * 3; /* less than the worker's queue and lanes hold */
    pairs.ring = calloc(IN_FLIGHT_MAX, sizeof *pairs.ring);
    code = CLI_FAILED;
    if (pairs.ring == NULL || !cli_worker_start(&client, threads))
        goto out;
    bool good = fill(&pairs, &client, options);
    print_done(&pairs);
    while (good && pairs.count > 0) {
        good = receive(&pairs, &client) && fill(&pairs, &client, options);
        print_done(&pairs);
    }
    code = !good && !pairs.bad_line ? CLI_FAILED : pairs.bad_line || pairs.unreadable ? CLI_UNREADABLE : CLI_DONE;
out:
    if (pairs.file != NULL)
        fclose(pairs.file);
    for (size_t i = 0; i < pairs.count; i++)
        frame_release(&pairs.ring[(pairs.first + i) % IN_FLIGHT_MAX].answer);
    free(pairs.ring);
    worker_client_stop(&client, NULL);
    return code;
}

int cli_face(int argc, char **argv)
{
    struct face_options options;
    int code = options_read(argc, argv, &options);
    if (code >= 0)
        return code;
    return options.pairs != NULL ? compare_pairs(&options) : compare_two(&options);
}
