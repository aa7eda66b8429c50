/* config — what may be tuned (config.def): read once at start, immutable afterwards.
 *
 * Command line (--name=value or --name value) over environment (XUEYING_NAME) over file (--config=FILE, lines
 * "name = value", # comments) over default. An unknown name, a value out of range or not a number is an error that
 * names the knob and its limits. Secrets are given as files, never as values. Main thread. */
#ifndef XY_CONFIG_H
#define XY_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct config {
#define CONFIG_TEXT(name)                                     const char *name;
#define CONFIG_INT(name)                                      int64_t name;
#define CONFIG_FLAG(name)                                     int64_t name;
#define KNOB(name, kind, otherwise, min, max, unit, sentence) CONFIG_##kind(name)
#include "config.def"
#undef KNOB
#undef CONFIG_TEXT
#undef CONFIG_INT
#undef CONFIG_FLAG
};

/* Reads argv from argv[1]; what is not an option is kept in order in argv (argc is shortened). Options no knob has are
 * BAD_FIELD unless listed in `more` (space separated names; those with a value end in '='); they stay in argv.
 * Strings live in arena. */
enum err config_read(int *argc, char **argv, const char *more, struct arena *arena, struct config *config,
                     char why[256]);

/* --help lines of all knobs. */
void config_write_help(struct buf *out);

/* Paths with their defaults filled in; in arena. */
/* Whether students can be asked to follow the service account: it has a name, and WeChat's pushes tell who follows. */
bool config_knows_followers(const struct config *config);
const char *config_database(const struct config *config, struct arena *arena);
const char *config_key_file(const struct config *config, struct arena *arena);

#endif
