/* cli — what the commands of `xueying` share: the configuration, the data directory, the store.
 *
 * Exit codes (product.md §8): 0 done · 1 refused or failed, one clear line on stderr · 2 wrong usage · 3 input
 * unreadable. Main thread. */
#ifndef XY_CLI_H
#define XY_CLI_H

#include "base/arena.h"
#include "base/keyring.h"
#include "blob/blob.h"
#include "config.h"
#include "store/store.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_UNREADABLE = 3 };

struct cli {
    struct arena *arena; /* process lifetime */
    struct config config;
    struct keyring *ring;
    struct store *store;
    struct blob_store *blobs;
    int lock_fd; /* exclusive hold on the data directory; -1 none */
    char boot_id[CRYPT_ID_TEXT_BYTES];
};

/* What a command needs of the data directory. Only one process may hold it for writing: a running server, or a command
 * that changes something. CLI_LOOK opens the database beside a running server, READ steps only. */
enum cli_need { CLI_CONFIG, CLI_LOOK, CLI_CHANGE };

/* Reads configuration and options (config_read), then opens what is needed. On failure says why on stderr and returns
 * the exit code; 0 is success. cli_close is fine either way. */
int cli_open(struct cli *cli, int *argc, char **argv, const char *more_options, enum cli_need need);
/* The second half of cli_open, for who opened with CLI_CONFIG and wants to hear of commits. */
int cli_open_data(struct cli *cli, enum cli_need need, store_announce *announce, void *announce_arg);
void cli_close(struct cli *cli);

/* "xueying COMMAND: sentence" on stderr; returns `code`. */
int cli_say(int code, const char *format, ...) PRINTF_LIKE(2, 3);
/* Value of --name=value or --name value among the options kept by config_read; NULL when absent; "" for a flag. */
const char *cli_option(int argc, char **argv, const char *name);
/* The n-th word that is no option, from 0 behind the command's own words; NULL when absent. */
const char *cli_word(int argc, char **argv, int n);
/* Code for an error of the store or of a file. */
int cli_code(enum err e);
/* Take the exclusive lock; false: another process has it. */
bool cli_lock(struct cli *cli);

/* Commands: argv[0] is the command's name. */
int cli_serve(int argc, char **argv);
int cli_migrate(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_user(int argc, char **argv);
int cli_session(int argc, char **argv);
int cli_roster(int argc, char **argv);
int cli_routes(int argc, char **argv);
int cli_demo(int argc, char **argv);
int cli_fill(int argc, char **argv);
int cli_bench(int argc, char **argv);
int cli_fsck(int argc, char **argv);
int cli_outbox(int argc, char **argv);
int cli_audit(int argc, char **argv);
int cli_key(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_restore(int argc, char **argv);
int cli_webhook(int argc, char **argv);
int cli_face(int argc, char **argv);
int cli_photo(int argc, char **argv);
int cli_idcard(int argc, char **argv);
int cli_collection_code(int argc, char **argv); /* cli_code.c */

#endif
