/* cli_demo — an empty database becomes a demo: an administrator and one account per kind of work, a capture session
 * that is open now, and a roster of made-up students. Run again on a database with accounts it changes nothing. */
#include "base/check.h"
#include "base/clock.h"
#include "base/resident_number.h"
#include "base/role.h"
#include "cli.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/roster.h"
#include "store/student.h"
#include "workflow/presets.h"

#define DEMO_STUDENTS 30
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
    {"service", "刘静", ROLE_SERVICE},
};

/* One session to look around in, and one per preset. The first is paid after confirming, printed and mailed. */
static const struct {
    const char *code, *preset, *name, *school_code, *school_name, *level;
} sessions[] = {
    {"25103003", "", "2026 届本科毕业生", "10595", "示范大学", "undergraduate"},
    {"25100000", "S0", "2026 届本科毕业生（身份证）", "10595", "示范大学", "undergraduate"},
    {"25100001", "S1", "2026 届专科毕业生（学号加采集码）", "14325", "示范职业技术学院", "associate"},
    {"25100002", "S2", "2026 届研究生（采集码，先付费）", "10595", "示范大学", "postgraduate"},
    {"25100003", "S3", "2026 届成人教育（影楼照片）", "14325", "示范职业技术学院", "adult"},
    {"25100004", "S4", "2026 届补采（现场拍摄）", "10595", "示范大学", "undergraduate"},
};

static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"};
static const char *const given[] = {"子涵", "雨桐", "浩然", "欣怡", "宇轩", "思远", "梦琪", "俊杰", "晓婷", "文博"};

struct seed {
    int64_t now_us;
    bool empty;
    char ids[countof(staff)][CRYPT_ID_TEXT_BYTES];
    char passwords[countof(staff)][20];
    char hashes[countof(staff)][CRYPT_PASSWORD_TEXT_BYTES];
    struct {
        char id[CRYPT_ID_TEXT_BYTES], school_id[CRYPT_ID_TEXT_BYTES];
        char roster_ids[DEMO_STUDENTS][CRYPT_ID_TEXT_BYTES];
        const char *policy;
    } sessions[countof(sessions)];
};

/* The n-th made-up identity number, with a true check digit (domain.md F.1). */
static void made_up_number(int n, char out[19])
{
    snprintf(out, 18, "110101200%d%02d%02d%03d", n % 5, n % 12 + 1, n % 28 + 1, (n * 37 + 11) % 1000);
    out[17] = resident_number_check(out);
    out[18] = '\0';
}

static enum err seed_roster(struct tx *tx, struct seed *s, size_t of)
{
    for (int i = 0; i < DEMO_STUDENTS; i++) {
        char number[19], student_no[16], outcome;
        made_up_number(i, number);
        snprintf(student_no, sizeof student_no, "20220010%02d", i + 1);
        struct roster_entry entry = {.id = s->sessions[of].roster_ids[i],
                                     .session_id = s->sessions[of].id,
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

/* Midnight in China before that moment. */
static int64_t today_us(int64_t now_us)
{
    struct clock_civil day = clock_civil_cn(now_us);
    day.hour = day.minute = day.second = 0;
    return clock_from_civil_cn(&day);
}

static enum err seed_session(struct tx *tx, struct seed *s, size_t i)
{
    const struct session_new session = {.id = s->sessions[i].id,
                                        .school_id = s->sessions[i].school_id,
                                        .code = sessions[i].code,
                                        .name = sessions[i].name,
                                        .school_code = sessions[i].school_code,
                                        .school_name = sessions[i].school_name,
                                        .opens_us = today_us(s->now_us) - DAY_US,
                                        .closes_us = today_us(s->now_us) + 120 * DAY_US,
                                        .policy_json = s->sessions[i].policy,
                                        .changed_by = "demo",
                                        .level = sessions[i].level,
                                        .graduation_year = 2026,
                                        .batch_name = "",
                                        .now_us = s->now_us};
    TRY(session_add(tx, &session));
    return seed_roster(tx, s, i);
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
    for (size_t i = 0; i < countof(sessions); i++)
        TRY(seed_session(tx, s, i));
    struct audit_entry entry = {.at_us = s->now_us,
                                .actor_kind = "server",
                                .actor_id = "command-line",
                                .action = "demo_seed",
                                .object_kind = "session",
                                .object_id = s->sessions[0].id};
    return audit_add(tx, &entry);
}

/* The rules as they are stored: every field. */
static const char *policy_of(struct cli *cli, const char *preset)
{
    struct policy policy;
    struct buf b;
    if (preset_policy(preset, &policy) != ERR_NONE) {
        policy_default(&policy);
        policy.payment = "after";
        policy.price_fen = 2000;
        policy.deliver_print = true;
        policy.deliver_mail = "student";
    }
    buf_init(&b, KIB(8));
    policy.quiet_from_hour = policy.quiet_to_hour; /* who tries it at night wants to see the messages */
    policy_write(&policy, &b);
    const char *text = arena_text(cli->arena, buf_cstr(&b));
    buf_release(&b);
    return text;
}

static enum err prepare(struct cli *cli, struct seed *s)
{
    for (size_t i = 0; i < countof(staff); i++) {
        char token[CRYPT_TOKEN_TEXT_BYTES];
        crypt_token(token);
        snprintf(s->passwords[i], sizeof s->passwords[i], "%.14s", token);
        crypt_id(s->now_us, s->ids[i]);
        TRY(crypt_password_hash(s->passwords[i], s->hashes[i]));
    }
    for (size_t i = 0; i < countof(sessions); i++) {
        s->sessions[i].policy = policy_of(cli, sessions[i].preset);
        crypt_id(s->now_us - (int64_t)i * 1000, s->sessions[i].id);
        crypt_id(s->now_us, s->sessions[i].school_id);
        for (int k = 0; k < DEMO_STUDENTS; k++)
            crypt_id(s->now_us, s->sessions[i].roster_ids[k]);
    }
    return ERR_NONE;
}

static void print_demo(const struct seed *s)
{
    char number[19];
    printf("\nConsole accounts (one-time passwords, shown once; change them under Settings):\n");
    for (size_t i = 0; i < countof(staff); i++)
        printf("  %-10s %s\n", staff[i].name, s->passwords[i]);
    printf("\nCapture session %s, open for 120 days. Students to try (student number, last four of the ID number):\n",
           sessions[0].code);
    for (int i = 0; i < 5; i++) {
        made_up_number(i, number);
        printf("  20220010%02d  %s\n", i + 1, number + 14);
    }
    printf("\nThe same students are on the roster of a session per preset:\n");
    for (size_t i = 1; i < countof(sessions); i++)
        printf("  %s  %s\n", sessions[i].code, sessions[i].name);
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
