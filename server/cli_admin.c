/* cli_admin — migrate, doctor, user, session. */
#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/role.h"
#include "base/text.h"
#include "cli.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/queries.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- migrate ---- */

int cli_migrate(int argc, char **argv)
{
    struct cli cli;
    struct migrate_report report;
    char why[256];
    int code = cli_open(&cli, &argc, argv, "check", CLI_CONFIG);
    if (code == CLI_DONE && mkdir(cli.config.data_directory, 0700) != 0 && errno != EEXIST)
        code = cli_say(CLI_FAILED, "%s: %s", cli.config.data_directory, strerror(errno));
    if (code == CLI_DONE && cli_option(argc, argv, "check") == NULL && !cli_lock(&cli))
        code = cli_say(CLI_FAILED, "%s is in use by a running server; stop it first", cli.config.data_directory);
    if (code != CLI_DONE) {
        cli_close(&cli);
        return code;
    }
    const char *path = config_database(&cli.config, cli.arena);
    enum err e = cli_option(argc, argv, "check") != NULL
                     ? migrate_check(path, store_migrations, store_migration_count, &report, why)
                     : migrate_apply(path, store_migrations, store_migration_count, &report, why);
    if (e != ERR_NONE)
        code = cli_say(cli_code(e), "%s", why);
    else
        printf("schema %d%s%s%s\n", report.after, report.before == report.after ? ", nothing to do" : ", migrated",
               report.backup[0] != '\0' ? ", backup: " : "", report.backup);
    cli_close(&cli);
    return code;
}

/* ---- doctor ---- */

static bool tell(bool good, const char *what, const char *detail)
{
    printf("%s %s%s%s\n", good ? "ok  " : "FAIL", what, detail[0] != '\0' ? ": " : "", detail);
    return good;
}

/* A disk that ignores flushes answers in microseconds; then a power cut can lose what was acknowledged. */
static bool disk_flushes(const char *directory, struct arena *arena)
{
    const char *path = arena_printf(arena, "%s/doctor.tmp", directory);
    char block[4096] = {0};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return tell(false, "data directory is writable", strerror(errno));
    int64_t before_us = clock_mono_us();
    bool good = true;
    for (int i = 0; i < 20; i++)
        good &= write(fd, block, sizeof block) == (ssize_t)sizeof block && fdatasync(fd) == 0;
    int64_t each_us = (clock_mono_us() - before_us) / 20;
    close(fd);
    unlink(path);
    return tell(good && each_us > 20, "disk flushes",
                arena_printf(arena, "%" PRId64 " µs each%s", each_us, each_us > 20 ? "" : " (too fast to be true)"));
}

static bool worker_is_here(struct cli *cli)
{
    const char *path = cli->config.worker_program;
    if (path[0] == '\0') {
        char self[4096] = "";
        ssize_t len = readlink("/proc/self/exe", self, sizeof self - 32);
        if (len > 0) {
            self[len] = '\0';
            path = arena_printf(cli->arena, "%s-worker", self);
        }
    }
    return tell(access(path, X_OK) == 0, "image worker", path);
}

int cli_doctor(int argc, char **argv)
{
    struct cli cli;
    struct migrate_report report;
    struct statvfs disk;
    char why[256] = "";
    int code = cli_open(&cli, &argc, argv, "", CLI_CONFIG);
    if (code != CLI_DONE) {
        cli_close(&cli);
        return code;
    }
    const char *directory = cli.config.data_directory;
    bool good = true;
    struct stat info;
    bool there = stat(directory, &info) == 0;
    good &= tell(there, "data directory", there ? directory : "missing: run \"xueying migrate\"");
    if (there) {
        good &= tell((info.st_mode & 077) == 0, "data directory is private", "mode 0700");
        good &= disk_flushes(directory, cli.arena);
        bool room = statvfs(directory, &disk) == 0 && disk.f_bavail * 20 >= disk.f_blocks;
        good &= tell(room, "disk has 5 % free", "");
        enum err e = migrate_check(config_database(&cli.config, cli.arena), store_migrations, store_migration_count,
                                   &report, why);
        good &= tell(e == ERR_NONE, "schema", why);
        e = keyring_load(config_key_file(&cli.config, cli.arena), &cli.ring, why);
        good &= tell(e == ERR_NONE, "key file", why);
    }
    good &= worker_is_here(&cli);
    struct clock_civil now = clock_civil_cn(clock_utc_us());
    good &= tell(now.year >= 2025 && now.year < 2100, "clock",
                 arena_printf(cli.arena, "%04d-%02d-%02d %02d:%02d in China", now.year, now.month, now.day, now.hour,
                              now.minute));
    cli_close(&cli);
    return good ? CLI_DONE : CLI_FAILED;
}

/* ---- user ---- */

static const struct {
    const char *name;
    unsigned bit;
} role_names[] = {
    {"reviewer", ROLE_REVIEWER}, {"identity_reviewer", ROLE_IDENTITY_REVIEWER},
    {"senior", ROLE_SENIOR},     {"retoucher", ROLE_RETOUCHER},
    {"service", ROLE_SERVICE},   {"batch", ROLE_BATCH},
    {"school", ROLE_SCHOOL},     {"administrator", ROLE_ADMINISTRATOR},
    {"auditor", ROLE_AUDITOR},
};

static bool roles_from(const char *list, unsigned *roles)
{
    *roles = 0;
    while (*list != '\0') {
        size_t len = strcspn(list, ","), i = 0;
        while (i < countof(role_names) &&
               !(strlen(role_names[i].name) == len && strncmp(role_names[i].name, list, len) == 0))
            i++;
        if (i == countof(role_names))
            return false;
        *roles |= role_names[i].bit;
        list += len + (list[len] == ',');
    }
    return *roles != 0;
}

struct user_job {
    const char *name, *password_hash, *id;
    unsigned roles;
    int64_t now_us;
    bool disable;
    struct account list[200];
    size_t count;
};

static enum err audited(struct tx *tx, const struct user_job *j, const char *action, const char *id)
{
    struct audit_entry entry = {.at_us = j->now_us,
                                .actor_kind = "server",
                                .actor_id = "command-line",
                                .action = action,
                                .object_kind = "account",
                                .object_id = id};
    return audit_add(tx, &entry);
}

static enum err user_add_step(struct tx *tx, void *job)
{
    struct user_job *j = job;
    struct account a = {
        .id = j->id, .name = j->name, .display_name = j->name, .password_hash = j->password_hash, .roles = j->roles};
    TRY(account_add(tx, &a, j->now_us));
    return audited(tx, j, "account_add", j->id);
}

static enum err user_change_step(struct tx *tx, void *job)
{
    struct user_job *j = job;
    struct account a;
    TRY(account_by_name(tx, j->name, &a));
    if (j->disable)
        TRY(account_change(tx, a.id, a.version, a.roles, a.display_name, true));
    else
        TRY(account_set_password(tx, a.id, j->password_hash));
    return audited(tx, j, j->disable ? "account_disable" : "account_password", a.id);
}

static enum err user_list_step(struct tx *tx, void *job)
{
    struct user_job *j = job;
    TRY(account_list(tx, j->list, countof(j->list), &j->count));
    for (size_t i = 0; i < j->count; i++) {
        printf("%-20s %s", j->list[i].name, j->list[i].disabled ? "disabled " : "");
        for (size_t k = 0; k < countof(role_names); k++)
            if (j->list[i].roles & role_names[k].bit)
                printf(" %s", role_names[k].name);
        printf("\n");
    }
    return ERR_NONE;
}

/* A password is read from --password-file, else made up and printed once. */
static int password_hash_of(struct cli *cli, int argc, char **argv, char shown[32], char **hash)
{
    char password[256];
    const char *file = cli_option(argc, argv, "password-file");
    shown[0] = '\0';
    if (file != NULL) {
        FILE *in = fopen(file, "re");
        if (in == NULL || fgets(password, sizeof password, in) == NULL) {
            if (in != NULL)
                fclose(in);
            return cli_say(CLI_UNREADABLE, "%s: no password could be read", file);
        }
        fclose(in);
        password[strcspn(password, "\n")] = '\0';
        if (strlen(password) < 10)
            return cli_say(CLI_FAILED, "a password has at least 10 characters");
    } else {
        char token[CRYPT_TOKEN_TEXT_BYTES];
        crypt_token(token);
        snprintf(password, sizeof password, "%.16s", token);
        snprintf(shown, 32, "%.16s", token);
    }
    *hash = arena_alloc(cli->arena, CRYPT_PASSWORD_TEXT_BYTES);
    enum err e = crypt_password_hash(password, *hash);
    crypt_wipe(password, sizeof password);
    return e == ERR_NONE ? CLI_DONE : cli_say(CLI_FAILED, "not enough memory to hash a password");
}

static int user_change(struct cli *cli, int argc, char **argv, const char *verb, struct user_job *j)
{
    char shown[32] = "", *hash = NULL, id[CRYPT_ID_TEXT_BYTES];
    bool add = text_is(verb, "add");
    const char *roles = cli_option(argc, argv, "roles");
    j->disable = text_is(verb, "disable");
    if (add && (roles == NULL || !roles_from(roles, &j->roles)))
        return cli_say(CLI_USAGE, "--roles= needs a list of: reviewer identity_reviewer senior retoucher service batch "
                                  "school administrator auditor");
    if (!j->disable) {
        int code = password_hash_of(cli, argc, argv, shown, &hash);
        if (code != CLI_DONE)
            return code;
    }
    crypt_id(j->now_us, id);
    j->id = id;
    j->password_hash = hash;
    enum err e = store_run(cli->store, STORE_WRITE, add ? user_add_step : user_change_step, j);
    if (e == ERR_CONFLICT)
        return cli_say(CLI_FAILED, "there is a user \"%s\" already", j->name);
    if (e == ERR_NOT_FOUND)
        return cli_say(CLI_FAILED, "there is no user \"%s\"", j->name);
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
    if (shown[0] != '\0')
        printf("user: %s\none-time password: %s\n", j->name, shown);
    else
        printf("%s: done\n", j->name);
    return CLI_DONE;
}

int cli_user(int argc, char **argv)
{
    struct cli cli;
    static struct user_job job;
    const char *verb = argc > 1 ? argv[1] : "";
    bool list = text_is(verb, "list");
    if (!list && !text_is(verb, "add") && !text_is(verb, "passwd") && !text_is(verb, "disable"))
        return cli_say(CLI_USAGE, "user add|list|passwd|disable");
    int code = cli_open(&cli, &argc, argv, "roles= password-file=", list ? CLI_LOOK : CLI_CHANGE);
    job = (struct user_job){.name = cli_word(argc, argv, 1), .now_us = clock_utc_us()};
    if (code == CLI_DONE && list)
        code = cli_code(store_run(cli.store, STORE_READ, user_list_step, &job));
    else if (code == CLI_DONE && (job.name == NULL || !text_all(job.name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") ||
                                  strlen(job.name) > 32))
        code = cli_say(CLI_USAGE, "a user name has 1 to 32 of a-z 0-9 _ . -");
    else if (code == CLI_DONE)
        code = user_change(&cli, argc, argv, verb, &job);
    cli_close(&cli);
    return code;
}
