/* cli_demo — an empty database becomes a demo: an administrator and one account per kind of work, a capture session
 * that is open now, and a roster of made-up students. Run again on a database with accounts it changes nothing. */
#include "base/check.h"
#include "base/clock.h"
#include "base/role.h"
#include "cli.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/roster.h"
#include "store/student.h"

#define DEMO_STUDENTS 30
#define DEMO_SESSION  "25103003"
#define DAY_US        SECONDS_US(86400)

static const struct {
    const char *name, *display_name;
    unsigned roles;
} staff[] = {
    {"admin", "管理员",
     ROLE_ADMINISTRATOR | ROLE_AUDITOR | ROLE_REVIEWER | ROLE_SENIOR | ROLE_BATCH | ROLE_IDENTITY_REVIEWER},
    {"reviewer", "王小明", ROLE_REVIEWER | ROLE_RETOUCHER},
    {"ida", "李敏", ROLE_IDENTITY_REVIEWER},
    {"ian", "周强", ROLE_IDENTITY_REVIEWER},
    {"senior", "赵敏", ROLE_REVIEWER | ROLE_SENIOR | ROLE_IDENTITY_REVIEWER},
    {"batch", "陈伟", ROLE_BATCH},
};

static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"};
static const char *const given[] = {"子涵", "雨桐", "浩然", "欣怡", "宇轩", "思远", "梦琪", "俊杰", "晓婷", "文博"};

struct seed {
    int64_t now_us;
    bool empty;
    char ids[countof(staff)][CRYPT_ID_TEXT_BYTES];
    char passwords[countof(staff)][20];
    char hashes[countof(staff)][CRYPT_PASSWORD_TEXT_BYTES];
    char session_id[CRYPT_ID_TEXT_BYTES], school_id[CRYPT_ID_TEXT_BYTES];
    char roster_ids[DEMO_STUDENTS][CRYPT_ID_TEXT_BYTES];
    const char *policy;
};

/* The n-th made-up identity number, with a true check digit (domain.md F.1). */
static void made_up_number(int n, char out[19])
{
    static const char check[] = "10X98765432";
    int sum = 0, weight = 1;
    snprintf(out, 18, "110101200%d%02d%02d%03d", n % 5, n % 12 + 1, n % 28 + 1, (n * 37 + 11) % 1000);
    for (int i = 16; i >= 0; i--) {
        weight = weight * 2 % 11;
        sum += (out[i] - '0') * weight;
    }
    out[17] = check[sum % 11];
    out[18] = '\0';
}

static enum err seed_roster(struct tx *tx, struct seed *s)
{
    for (int i = 0; i < DEMO_STUDENTS; i++) {
        char number[19], student_no[16], outcome;
        made_up_number(i, number);
        snprintf(student_no, sizeof student_no, "20220010%02d", i + 1);
        struct roster_entry entry = {.id = s->roster_ids[i],
                                     .session_id = s->session_id,
                                     .student_no = student_no,
                                     .name =
                                         arena_printf(tx->arena, "%s%s", surnames[i % 10], given[(i / 10 + i) % 10]),
                                     .id_number = number,
                                     .college = i % 2 ? "信息学院" : "文学院",
                                     .major = i % 2 ? "软件工程" : "汉语言文学",
                                     .class_name = i % 3 ? "2022级1班" : "2022级2班"};
        TRY(roster_put(tx, &entry, s->now_us, false, &outcome));
    }
    return ERR_NONE;
}

static enum err seed_all(struct tx *tx, void *job)
{
    struct seed *s = job;
    bool any = false;
    TRY(account_any(tx, &any));
    s->empty = !any;
    if (any)
        return ERR_NONE;
    for (size_t i = 0; i < countof(staff); i++) {
        struct account a = {.id = s->ids[i],
                            .name = staff[i].name,
                            .display_name = staff[i].display_name,
                            .password_hash = s->hashes[i],
                            .roles = staff[i].roles};
        TRY(account_add(tx, &a, s->now_us));
    }
    struct session_new session = {.id = s->session_id,
                                  .school_id = s->school_id,
                                  .code = DEMO_SESSION,
                                  .name = "2026 届本科毕业生",
                                  .school_code = "10595",
                                  .school_name = "示范大学",
                                  .opens_us = s->now_us - DAY_US,
                                  .closes_us = s->now_us + 120 * DAY_US,
                                  .policy_json = s->policy,
                                  .changed_by = "demo",
                                  .now_us = s->now_us};
    TRY(session_add(tx, &session));
    TRY(seed_roster(tx, s));
    struct audit_entry entry = {.at_us = s->now_us,
                                .actor_kind = "server",
                                .actor_id = "command-line",
                                .action = "demo_seed",
                                .object_kind = "session",
                                .object_id = s->session_id};
    return audit_add(tx, &entry);
}

static enum err prepare(struct cli *cli, struct seed *s)
{
    struct policy policy;
    struct buf b;
    policy_default(&policy);
    policy.payment = "after";
    policy.price_fen = 2000;
    policy.deliver_print = true;
    policy.deliver_mail = "student";
    buf_init(&b, KIB(8));
    policy_write(&policy, &b);
    s->policy = arena_text(cli->arena, buf_cstr(&b));
    buf_release(&b);
    for (size_t i = 0; i < countof(staff); i++) {
        char token[CRYPT_TOKEN_TEXT_BYTES];
        crypt_token(token);
        snprintf(s->passwords[i], sizeof s->passwords[i], "%.14s", token);
        crypt_id(s->now_us, s->ids[i]);
        TRY(crypt_password_hash(s->passwords[i], s->hashes[i]));
    }
    for (int i = 0; i < DEMO_STUDENTS; i++)
        crypt_id(s->now_us, s->roster_ids[i]);
    crypt_id(s->now_us, s->session_id);
    crypt_id(s->now_us, s->school_id);
    return ERR_NONE;
}

static void print_demo(const struct seed *s)
{
    char number[19];
    printf("\nConsole accounts (one-time passwords, shown once; change them under Settings):\n");
    for (size_t i = 0; i < countof(staff); i++)
        printf("  %-10s %s\n", staff[i].name, s->passwords[i]);
    printf("\nCapture session %s, open for 120 days. Students to try (student number, last four of the ID number):\n",
           DEMO_SESSION);
    for (int i = 0; i < 5; i++) {
        made_up_number(i, number);
        printf("  20220010%02d  %s\n", i + 1, number + 14);
    }
    printf("\n");
}

/* Whether somebody made accounts already: then nothing is hashed or made up. */
static enum err look(struct tx *tx, void *job)
{
    bool any = false;
    TRY(account_any(tx, &any));
    ((struct seed *)job)->empty = !any;
    return ERR_NONE;
}

int cli_demo(int argc, char **argv)
{
    struct cli cli;
    static struct seed seed;
    int code = cli_open(&cli, &argc, argv, "", CLI_CHANGE);
    if (code == CLI_DONE) {
        seed.now_us = clock_utc_us();
        enum err e = store_run(cli.store, STORE_READ, look, &seed);
        if (e == ERR_NONE && seed.empty)
            e = prepare(&cli, &seed);
        if (e == ERR_NONE && seed.empty)
            e = store_run(cli.store, STORE_WRITE, seed_all, &seed);
        if (e != ERR_NONE)
            code = cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
        else if (seed.empty)
            print_demo(&seed);
        else
            printf("there are accounts already: nothing to seed\n");
    }
    cli_close(&cli);
    return code;
}
