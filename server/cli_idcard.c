#include "base/json.h"
#include "base/text.h"
#include "cli_image.h"

#include <getopt.h>

#define NAME_BYTES_MAX 120

static const char usage[] =
    "usage: xueying idcard read IMG [--name NAME] [--portrait OUT.jpg] [--flat OUT.jpg] [--json]\n"
    "\n"
    "Reads the number of an identity card from a picture (JPEG or PNG) of its portrait side. The number is printed "
    "only\n"
    "when two independent readings agree and its check character is right. --name says how much the card's name is "
    "like\n"
    "NAME; --portrait writes the photo on the card, --flat the whole card laid flat.\n"
    "Exit: 0 read, 1 no number could be read, 2 wrong usage, 3 IMG cannot be read.\n";

struct idcard_options {
    const char *in, *name, *portrait, *flat;
    bool json;
};

/* -1: go on; else the exit code. */
static int options_read(int argc, char **argv, struct idcard_options *options)
{
    static const struct option known[] = {
        {"name", required_argument, NULL, 'n'}, {"portrait", required_argument, NULL, 'p'},
        {"flat", required_argument, NULL, 'f'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0},
    };
    *options = (struct idcard_options){.json = false};
    bool good = true;
    optind = 0; /* glibc: start anew */
    for (int c; good && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'n':
            options->name = optarg;
            good = strlen(optarg) <= NAME_BYTES_MAX && text_utf8_valid(optarg, strlen(optarg));
            break;
        case 'p':
            options->portrait = optarg;
            break;
        case 'f':
            options->flat = optarg;
            break;
        case 'j':
            options->json = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return CLI_DONE;
        default:
            good = false;
        }
    }
    if (!good || argc - optind != 2 || !text_is(argv[optind], "read")) {
        fputs(usage, stderr);
        return CLI_USAGE;
    }
    options->in = argv[optind + 1];
    return -1;
}

/* Writes the part of that name, if there is one. */
static bool write_part(const struct frame *answer, const struct json *tree, const char *name, const char *path)
{
    const struct json *names = json_at(tree, "parts");
    const struct json *item = names == NULL ? NULL : names->first;
    for (size_t i = 1; path != NULL && item != NULL && i < answer->part_count; i++, item = item->next)
        if (text_is(item->text, name))
            return cli_write_file(path, answer->parts[i].bytes, answer->parts[i].len);
    if (path == NULL)
        return true;
    cli_say(CLI_FAILED, "%s was not written: no card with a portrait was found", path);
    return false;
}

static void say_checks(const struct json *tree)
{
    const struct json *checks = json_at(tree, "checks");
    const char *before = "; look at: ";
    for (const struct json *check = checks == NULL ? NULL : checks->first; check != NULL; check = check->next)
        if (text_is(json_text_at(check, "verdict", ""), "warn")) {
            printf("%s%s", before, json_text_at(check, "short_en", "?"));
            before = ", ";
        }
}

static void say_reading(const struct json *tree)
{
    double similarity = json_number_at(tree, "name.similarity", -1);
    printf("%s, born %s, %s", json_text_at(tree, "number.value", "?"), json_text_at(tree, "number.birth", "?"),
           json_text_at(tree, "number.sex", "?"));
    if (similarity >= 0)
        printf(", name %.0f %% alike", similarity * 100);
    say_checks(tree);
    printf("\n");
}

static int finish(const struct frame *answer, const struct json *tree, const void *asked)
{
    const struct idcard_options *options = asked;
    bool read = json_at(tree, "number.value") != NULL;
    if (options->json)
        printf("%.*s\n", (int)answer->parts[0].len, (const char *)answer->parts[0].bytes);
    else if (read)
        say_reading(tree);
    if (!read)
        cli_say(CLI_FAILED, "%s: %s", options->in, json_text_at(tree, "problem.fix_en", "no number was read"));
    bool written = write_part(answer, tree, "portrait", options->portrait);
    written = write_part(answer, tree, "flat", options->flat) && written;
    return read && written ? CLI_DONE : CLI_FAILED;
}

static int read_card(const struct idcard_options *options)
{
    struct buf request;
    buf_init(&request, KIB(4));
    json_object_open(&request);
    json_put_text(&request, "kind", "idcard");
    if (options->name != NULL)
        json_put_text(&request, "name", options->name);
    json_put_bool(&request, "flat", options->flat != NULL);
    json_object_close(&request);
    int code = cli_job((struct part){request.bytes, request.len}, &options->in, 1, options->in, finish, options);
    buf_release(&request);
    return code;
}

int cli_idcard(int argc, char **argv)
{
    struct idcard_options options;
    int code = options_read(argc, argv, &options);
    return code >= 0 ? code : read_card(&options);
}
