#include "config.h"

#include "base/check.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>

#define FILE_BYTES_MAX KIB(64)

enum kind { KIND_TEXT, KIND_INT, KIND_FLAG };

struct knob {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *text;
    int64_t number, min, max;
    const char *unit, *sentence;
};

static const struct knob knobs[] = {
#define KNOB_TEXT(otherwise) otherwise, 0
#define KNOB_INT(otherwise)  NULL, otherwise
#define KNOB_FLAG(otherwise) NULL, otherwise
#define KNOB(name, kind, otherwise, min, max, unit, sentence)                                                          \
    {#name, KIND_##kind, offsetof(struct config, name), KNOB_##kind(otherwise), min, max, unit, sentence},
#include "config.def"
#undef KNOB
};

static const struct knob *knob_named(const char *name, size_t len)
{
    for (size_t i = 0; i < countof(knobs); i++)
        if (strncmp(knobs[i].name, name, len) == 0 && knobs[i].name[len] == '\0')
            return &knobs[i];
    return NULL;
}

static enum err set(struct config *config, const struct knob *k, const char *value, struct arena *arena, char why[256])
{
    void *member = (char *)config + k->offset;
    if (k->kind == KIND_TEXT) {
        *(const char **)member = arena_text(arena, value);
        return ERR_NONE;
    }
    int64_t number;
    if (!text_int(value, &number) || number < k->min || number > k->max) {
        snprintf(why, 256, "%s: \"%s\" must be a whole number from %" PRId64 " to %" PRId64 " (%s)", k->name, value,
                 k->min, k->max, k->unit[0] != '\0' ? k->unit : "0 no, 1 yes");
        return ERR_BAD_FIELD;
    }
    *(int64_t *)member = number;
    return ERR_NONE;
}

static void set_defaults(struct config *config)
{
    for (size_t i = 0; i < countof(knobs); i++) {
        void *member = (char *)config + knobs[i].offset;
        if (knobs[i].kind == KIND_TEXT)
            *(const char **)member = knobs[i].text;
        else
            *(int64_t *)member = knobs[i].number;
    }
}

static char *trimmed(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        text[--len] = '\0';
    return text;
}

static enum err read_lines(struct config *config, const char *path, char *text, struct arena *arena, char why[256])
{
    char *save = NULL;
    int number = 0;
    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        number++;
        line = trimmed(line);
        if (*line == '\0' || *line == '#')
            continue;
        char *equals = strchr(line, '=');
        if (equals == NULL) {
            snprintf(why, 256, "%s: entry %d is not \"name = value\"", path, number);
            return ERR_BAD_FIELD;
        }
        *equals = '\0';
        char *name = trimmed(line);
        const struct knob *k = knob_named(name, strlen(name));
        if (k == NULL) {
            snprintf(why, 256, "%s: \"%s\" is not a known setting", path, name);
            return ERR_BAD_FIELD;
        }
        TRY(set(config, k, trimmed(equals + 1), arena, why));
    }
    return ERR_NONE;
}

static enum err read_file(struct config *config, const char *path, struct arena *arena, char why[256])
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        snprintf(why, 256, "%s: %s", path, strerror(errno));
        return ERR_UNREADABLE;
    }
    char *text = arena_alloc(arena, FILE_BYTES_MAX + 1);
    size_t len = fread(text, 1, FILE_BYTES_MAX, file);
    bool whole = feof(file) != 0;
    fclose(file);
    if (!whole) {
        snprintf(why, 256, "%s: larger than %zu bytes", path, FILE_BYTES_MAX);
        return ERR_TOO_LARGE;
    }
    text[len] = '\0';
    return read_lines(config, path, text, arena, why);
}

static enum err read_environment(struct config *config, struct arena *arena, char why[256])
{
    for (size_t i = 0; i < countof(knobs); i++) {
        char name[80] = "XUEYING_";
        size_t len = strlen(name);
        for (const char *c = knobs[i].name; *c != '\0' && len < sizeof name - 1; c++)
            name[len++] = (char)toupper((unsigned char)*c);
        name[len] = '\0';
        const char *value = getenv(name);
        if (value != NULL)
            TRY(set(config, &knobs[i], value, arena, why));
    }
    return ERR_NONE;
}

/* Whether `more` lists the option; *takes_value when it does so with '='. */
static bool listed(const char *more, const char *name, size_t len, bool *takes_value)
{
    for (const char *at = more; *at != '\0';) {
        size_t word = strcspn(at, " ");
        bool value = word > 0 && at[word - 1] == '=';
        if (word - value == len && strncmp(at, name, len) == 0) {
            *takes_value = value;
            return true;
        }
        at += word + strspn(at + word, " ");
    }
    return false;
}

struct option {
    const char *name, *value; /* value NULL: none was given with '=' */
    size_t len;
};

static bool option_of(const char *word, struct option *option)
{
    if (strncmp(word, "--", 2) != 0 || word[2] == '\0')
        return false;
    const char *equals = strchr(word, '=');
    option->name = word + 2;
    option->len = equals != NULL ? (size_t)(equals - option->name) : strlen(option->name);
    option->value = equals != NULL ? equals + 1 : NULL;
    return true;
}

static enum err read_arguments(int *argc, char **argv, const char *more, struct config *config, struct arena *arena,
                               char why[256])
{
    int kept = 1;
    for (int i = 1; i < *argc; i++) {
        struct option option;
        bool takes_value = false;
        if (!option_of(argv[i], &option)) {
            argv[kept++] = argv[i];
            continue;
        }
        if (strncmp(option.name, "config", option.len) == 0 && option.len == 6) {
            i += option.value == NULL; /* read before */
            continue;
        }
        const struct knob *k = knob_named(option.name, option.len);
        if (k != NULL) {
            const char *value = option.value != NULL ? option.value : i + 1 < *argc ? argv[++i] : NULL;
            if (value == NULL) {
                snprintf(why, 256, "--%s needs a value", k->name);
                return ERR_BAD_FIELD;
            }
            TRY(set(config, k, value, arena, why));
        } else if (listed(more, option.name, option.len, &takes_value)) {
            argv[kept++] = argv[i];
            if (takes_value && option.value == NULL && i + 1 < *argc)
                argv[kept++] = argv[++i];
        } else {
            snprintf(why, 256, "%s is not a known option", argv[i]);
            return ERR_BAD_FIELD;
        }
    }
    *argc = kept;
    argv[kept] = NULL;
    return ERR_NONE;
}

static const char *config_file_of(int argc, char **argv)
{
    const char *path = getenv("XUEYING_CONFIG");
    for (int i = 1; i < argc; i++) {
        struct option option;
        if (option_of(argv[i], &option) && option.len == 6 && strncmp(option.name, "config", 6) == 0)
            path = option.value != NULL ? option.value : i + 1 < argc ? argv[i + 1] : path;
    }
    return path;
}

enum err config_read(int *argc, char **argv, const char *more, struct arena *arena, struct config *config,
                     char why[256])
{
    why[0] = '\0';
    set_defaults(config);
    const char *path = config_file_of(*argc, argv);
    if (path != NULL)
        TRY(read_file(config, path, arena, why));
    TRY(read_environment(config, arena, why));
    return read_arguments(argc, argv, more, config, arena, why);
}

static void default_text(const struct knob *k, struct buf *out)
{
    if (k->kind == KIND_TEXT)
        buf_text(out, k->text);
    else
        buf_int(out, k->number);
}

void config_write_help(struct buf *out)
{
    for (size_t i = 0; i < countof(knobs); i++) {
        buf_printf(out, "  --%s=", knobs[i].name);
        default_text(&knobs[i], out);
        buf_printf(out, "\n        %s%s%s%s\n", knobs[i].sentence, knobs[i].unit[0] != '\0' ? " (" : "", knobs[i].unit,
                   knobs[i].unit[0] != '\0' ? ")" : "");
    }
}

bool config_knows_followers(const struct config *config)
{
    return config->wechat_page_name[0] != '\0' && config->wechat_push_token_file[0] != '\0';
}

const char *config_database(const struct config *config, struct arena *arena)
{
    return config->database[0] != '\0' ? config->database
                                       : arena_printf(arena, "%s/xueying.db", config->data_directory);
}

const char *config_key_file(const struct config *config, struct arena *arena)
{
    return config->key_file[0] != '\0' ? config->key_file : arena_printf(arena, "%s/keys", config->data_directory);
}
