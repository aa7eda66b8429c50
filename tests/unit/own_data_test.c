/* links: xy_store */
/* Everything about a student, column by column (person_tables.def): every column of the schema is in the list; each one
 * filled with a word of its own is in the copy when the list says so, and gone once the student is forgotten. */
#include "base/clock.h"
#include "base/crypt.h"
#include "base/json.h"
#include "base/keyring.h"
#include "base/text.h"
#include "store/forget.h"
#include "store/own_data.h"
#include "tests/check.h"
#include "tests/temp.h"
#include "workflow/policy.h"

#include <sqlite3.h>

#define STUDENT "the-student"

enum fate { SAID = 1, GONE = 2 };
static const struct listed {
    const char *table, *columns; /* columns NULL: nothing about one student */
    unsigned fate;
} listed[] = {
#define NOBODY(table, why)                {#table, NULL, 0},
#define SAID_GONE(table, columns)         {#table, columns, SAID | GONE},
#define SAID_STAYS(table, columns, why)   {#table, columns, SAID},
#define UNSAID_GONE(table, columns, why)  {#table, columns, GONE},
#define UNSAID_STAYS(table, columns, why) {#table, columns, 0},
#include "tests/unit/person_tables.def"
};

/* What a column is filled with where a word of its own will not do; `said` is how the copy says it, NULL: not looked
 * for, because it is one of few words or is said in another form. */
static const struct given {
    const char *column, *text;
    int64_t number;
    const char *said;
} given[] = {
    {"attempt.insisted", NULL, 1, NULL},
    {"attempt.rejected", NULL, 1, NULL},
    {"attempt.report", "{\"word\":\"attempt.report\"}", 0, "attempt.report"},
    {"batch.kind", "mail", 0, "mail"},
    {"batch.state", "done", 0, NULL},
    {"blob.erased_us", NULL, 0, NULL},
    {"collection_code.code_match", "no", 0, NULL},
    {"collection_code.payload_bytes", NULL, 30, NULL},
    {"collection_code.sealed_payload", "collection_code.sealed_payload", 0, "Y29sbGVjdGlvbl9jb2RlLnNlYWxlZF9wYXlsb2Fk"},
    {"collection_code.sealed_reading", "{\"word\":\"collection_code.sealed_reading\"}", 0, "code.sealed_reading"},
    {"collection_code.source", "scan", 0, "scan"},
    {"collection_code.state", "seen_before", 0, "seen_before"},
    {"consent_evidence.sealed_evidence", "{\"word\":\"consent_evidence.sealed\"}", 0, "consent_evidence.sealed"},
    {"decision.reasons", "[\"decision.reasons\"]", 0, "decision.reasons"},
    {"decision.state", "committed", 0, "committed"},
    {"derived.state", "refused", 0, "refused"},
    {"detail.sealed_detail", "{\"email\":\"detail.sealed_detail\"}", 0, "detail.sealed_detail"},
    {"face_result.distance_e6", NULL, 123400, "0.1234"},
    {"face_result.match_e6", NULL, 234500, "0.2345"},
    {"face_result.mismatch_e6", NULL, 345600, "0.3456"},
    {"follower.unfollowed_us", NULL, 0, NULL},
    {"follower.unionid_index", "the-union", 0, NULL},
    {"history.actor_kind", "student", 0, NULL},
    {"history.detail", "{\"note\":\"history.detail\",\"reasons\":[]}", 0, "history.detail"},
    {"history.number", NULL, 5, NULL},
    {"id_card.report", "{\"word\":\"id_card.report\"}", 0, "id_card.report"},
    {"id_card.sealed_reading", "{\"word\":\"id_card.sealed_reading\"}", 0, "id_card.sealed_reading"},
    {"identity.emblem_shown", NULL, 1, NULL},
    {"identity.number_read", NULL, 1, NULL},
    {"identity.portrait_shown", NULL, 1, NULL},
    {"identity.problem", "name_mismatch", 0, "name_mismatch"},
    {"link_request.sealed_claim", "{\"note\":\"link_request.sealed_claim\"}", 0, "link_request.sealed_claim"},
    {"link_request.state", "withdrawn", 0, "withdrawn"},
    {"message.detail", "{\"word\":\"message.detail\"}", 0, NULL},
    {"message.kind", "service", 0, NULL},
    {"message.sender", "student", 0, NULL},
    {"move_note.number", NULL, 5, NULL},
    {"outbox.state", "done", 0, NULL},
    {"own_copy.state", "failed", 0, NULL},
    {"retouch.repair", "mask", 0, "mask"},
    {"retouch.state", "ready", 0, "ready"},
    {"roster.import_number", NULL, 1, NULL},
    {"roster.sealed_person", "roster.sealed_person\n12345\n678", 0, "roster.sealed_person"},
    {"roster.superseded_by", NULL, 0, NULL},
    {"student.leaving_us", NULL, 0, NULL},
    {"student.unionid_index", "the-union", 0, NULL},
    {"submission.face", "match", 0, NULL},
    {"submission.lane", "", 0, NULL},
    {"submission.paid", NULL, 1, NULL},
    {"submission.print_layout", "one_inch", 0, "one_inch"},
    {"submission.reasons", "[]", 0, NULL},
    {"submission.sealed_address", "{\"text\":\"submission.sealed_address\"}", 0, "submission.sealed_address"},
    {"submission.state", "completed", 0, NULL},
    {"submission.version", NULL, 7, NULL},
    {"upload_part.offset_bytes", NULL, 0, NULL},
};

/* What seals a column of a table whose key is not its id. */
static const char *const sealed_by[][2] = {{"identity", "student_id"},
                                           {"conversation", "student_id"},
                                           {"detail", "submission_id"},
                                           {"follower", "openid_index"},
                                           {"login_key", "key_index"}};

/* ---- the schema ---- */

#define COLUMNS_MAX 900
static struct column {
    char table[40], name[40], type[16];
    unsigned fate;
    bool is_person;
    char text[200]; /* what it was filled with, and how the copy says it */
    int64_t number;
    const char *said;
    unsigned char sealed[400];
    size_t sealed_len;
} columns[COLUMNS_MAX];
static size_t column_count;

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += len)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static void read_schema(sqlite3 *db)
{
    sqlite3_stmt *s = NULL;
    column_count = 0;
    EQ_INT(SQLITE_OK,
           sqlite3_prepare_v2(db,
                              "SELECT t.name, c.name, c.type FROM sqlite_schema t JOIN pragma_table_info(t.name) c"
                              " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
                              -1, &s, NULL));
    while (sqlite3_step(s) == SQLITE_ROW) {
        TRUE(column_count < COLUMNS_MAX);
        struct column *c = &columns[column_count++];
        memset(c, 0, sizeof *c);
        snprintf(c->table, sizeof c->table, "%s", (const char *)sqlite3_column_text(s, 0));
        snprintf(c->name, sizeof c->name, "%s", (const char *)sqlite3_column_text(s, 1));
        snprintf(c->type, sizeof c->type, "%s", (const char *)sqlite3_column_text(s, 2));
    }
    sqlite3_finalize(s);
}

/* Its place in the list; 0, 2 … of them: the list is wrong. */
static int list(struct column *c)
{
    int found = 0;
    for (size_t i = 0; i < countof(listed); i++) {
        if (!text_is(listed[i].table, c->table) || (listed[i].columns != NULL && !has_word(listed[i].columns, c->name)))
            continue;
        found++;
        c->fate = listed[i].fate;
        c->is_person = listed[i].columns != NULL;
    }
    return found;
}

static bool in_schema(const char *table, const char *name, size_t len)
{
    for (size_t i = 0; i < column_count; i++)
        if (text_is(columns[i].table, table) &&
            (name == NULL || (strlen(columns[i].name) == len && memcmp(columns[i].name, name, len) == 0)))
            return true;
    return false;
}

TEST(every_column_of_the_schema_is_in_the_list)
{
    struct temp_store t;
    sqlite3 *db = NULL;
    temp_store_open(&t, NULL, NULL);
    EQ_INT(SQLITE_OK, sqlite3_open(t.database, &db));
    read_schema(db);
    sqlite3_close(db);
    temp_store_close(&t);
    for (size_t i = 0; i < column_count; i++)
        if (list(&columns[i]) != 1)
            TEST_FAIL("%s.%s: say once in person_tables.def what becomes of it", columns[i].table, columns[i].name);
    for (size_t i = 0; i < countof(listed); i++) {
        TRUE(in_schema(listed[i].table, NULL, 0));
        for (const char *at = listed[i].columns; at != NULL && *at != '\0';) {
            size_t len = strcspn(at, " ");
            if (!in_schema(listed[i].table, at, len))
                TEST_FAIL("%s.%.*s is not in the schema any more", listed[i].table, (int)len, at);
            at += len + strspn(at + len, " ");
        }
    }
}

/* ---- filled ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_sealed(const struct column *c)
{
    return strncmp(c->name, "sealed_", 7) == 0 && !text_is(c->name, "sealed_key");
}

/* A word or number that is in no other column. */
static void choose(struct column *c, size_t at)
{
    char place[96];
    snprintf(place, sizeof place, "%s.%s", c->table, c->name);
    for (size_t i = 0; i < countof(given); i++)
        if (text_is(given[i].column, place)) {
            snprintf(c->text, sizeof c->text, "%s", given[i].text != NULL ? given[i].text : "");
            c->number = given[i].number;
            c->said = given[i].said;
            return;
        }
    if (text_is(c->name, "owner_id") || text_is(c->name, "student_id"))
        snprintf(c->text, sizeof c->text, STUDENT);
    else if (text_is(c->name, "id"))
        snprintf(c->text, sizeof c->text, "the-%s", c->table);
    else if (ends_with(c->name, "_id") && !ends_with(c->name, "blob_id"))
        snprintf(c->text, sizeof c->text, "the-%.*s", (int)strlen(c->name) - 3, c->name);
    else
        snprintf(c->text, sizeof c->text, "%s", place);
    if (text_is(place, "batch.blob_id"))
        snprintf(c->text, sizeof c->text, "the-blob");
    bool is_time = ends_with(c->name, "_us");
    c->number = is_time ? INT64_C(1700000000000000) + (int64_t)at * 1000000 : 900000 + (int64_t)at;
    if (text_is(c->type, "INTEGER") && is_time)
        clock_text(c->number, c->text);
    else if (text_is(c->type, "INTEGER"))
        snprintf(c->text, sizeof c->text, "%" PRId64, c->number);
    c->said = c->text;
}

static const char *value_of(const char *table, const char *name)
{
    for (size_t i = 0; i < column_count; i++)
        if (text_is(columns[i].table, table) && text_is(columns[i].name, name))
            return columns[i].text;
    TEST_FAIL("%s.%s: no such column", table, name);
}

static void seal(const struct keyring *ring, struct column *c)
{
    struct arena *arena = arena_new(KIB(4));
    const char *key = "id";
    char about[160];
    for (size_t i = 0; i < countof(sealed_by); i++)
        if (text_is(sealed_by[i][0], c->table))
            key = sealed_by[i][1];
    if (!text_is(c->table, "idempotency")) /* bound to two columns, and opened by nobody here */
        snprintf(about, sizeof about, "%s|%s|%s", c->table, value_of(c->table, key), c->name + 7);
    else
        snprintf(about, sizeof about, "idempotency");
    const void *sealed = keyring_seal(ring, KEYRING_COLUMN, c->text, strlen(c->text), about, arena, &c->sealed_len);
    TRUE(c->sealed_len <= sizeof c->sealed);
    memcpy(c->sealed, sealed, c->sealed_len);
    arena_free(arena);
}

static void bind(sqlite3_stmt *s, int at, const struct column *c)
{
    if (text_is(c->type, "INTEGER"))
        sqlite3_bind_int64(s, at, c->number);
    else if (is_sealed(c))
        sqlite3_bind_blob(s, at, c->sealed, (int)c->sealed_len, SQLITE_STATIC);
    else if (text_is(c->type, "BLOB"))
        sqlite3_bind_blob(s, at, "thirty-two bytes, as a hash has.", 32, SQLITE_STATIC);
    else
        sqlite3_bind_text(s, at, c->text, -1, SQLITE_STATIC);
}

/* The columns of one table lie together; returns where the next one begins. */
static size_t insert_row(sqlite3 *db, size_t from)
{
    char sql[4096];
    size_t end = from, len = (size_t)snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (", columns[from].table);
    sqlite3_stmt *s = NULL;
    for (; end < column_count && text_is(columns[end].table, columns[from].table); end++)
        len += (size_t)snprintf(sql + len, sizeof sql - len, end == from ? "?" : ", ?");
    snprintf(sql + len, sizeof sql - len, ")");
    if (!columns[from].is_person)
        return end;
    EQ_INT(SQLITE_OK, sqlite3_prepare_v2(db, sql, -1, &s, NULL));
    for (size_t i = from; i < end; i++)
        bind(s, (int)(i - from) + 1, &columns[i]);
    if (sqlite3_step(s) != SQLITE_DONE)
        TEST_FAIL("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_finalize(s);
    return end;
}

static void run_sql(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        TEST_FAIL("%s: %s", sql, why);
}

/* What the rows need around them: a session, an import that is applied, one stored face. */
static void insert_others(sqlite3 *db)
{
    struct policy policy;
    struct buf b;
    char sql[16384];
    policy_default(&policy);
    policy.deliver_print = true;
    policy.print_layout = "student";
    policy.collection_code = "required";
    buf_init(&b, KIB(8));
    policy_write(&policy, &b);
    snprintf(sql, sizeof sql,
             "INSERT INTO school (id, code, name, created_us) VALUES ('the-school', '10001', 'school', 1);"
             "INSERT INTO capture_session (id, school_id, code, name, opens_us, closes_us, policy, created_us)"
             " VALUES ('the-session', 'the-school', '25103003', 'session', 1, 2, '%s', 1);"
             "INSERT INTO roster_import (number, id, session_id, state, applied, mode, created_by, created_us)"
             " VALUES (1, 'the-import', 'the-session', 'done', 1, 'all', 'somebody', 1);"
             "UPDATE face_counter SET persons = 1",
             buf_cstr(&b));
    run_sql(db, sql);
    buf_release(&b);
}

static void fill(sqlite3 *db, const struct keyring *ring)
{
    run_sql(db, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; BEGIN");
    for (size_t i = 0; i < column_count; i++)
        choose(&columns[i], i);
    for (size_t i = 0; i < column_count; i++)
        if (columns[i].is_person && is_sealed(&columns[i]))
            seal(ring, &columns[i]);
    insert_others(db);
    for (size_t i = 0; i < column_count;)
        i = insert_row(db, i);
    run_sql(db, "COMMIT");
}

/* ---- said, and gone ---- */

static enum err copy_step(struct tx *tx, void *job)
{
    return own_data_write(tx, STUDENT, 1, job);
}

static enum err leave_step(struct tx *tx, void *job)
{
    const char *blocked = NULL;
    struct submission s;
    (void)job;
    TRY(forget_student(tx, STUDENT, INT64_C(1800000000000000), &blocked));
    TRY(submission_get(tx, "the-submission", &s));
    CHECK(s.state == WF_closed);
    return forget_submission(tx, &s, INT64_C(1800000000000001)); /* as the effect does */
}

static int64_t rows_with(sqlite3 *db, const struct column *c)
{
    char sql[200];
    sqlite3_stmt *s = NULL;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE %s = ?", c->table, c->name);
    EQ_INT(SQLITE_OK, sqlite3_prepare_v2(db, sql, -1, &s, NULL));
    bind(s, 1, c);
    EQ_INT(SQLITE_ROW, sqlite3_step(s));
    int64_t rows = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return rows;
}

TEST(each_is_in_the_copy_and_gone_as_the_list_says)
{
    struct temp_store t;
    struct buf copy;
    sqlite3 *db = NULL;
    int missing = 0;
    buf_init(&copy, MIB(1));
    temp_store_open(&t, NULL, NULL);
    EQ_INT(SQLITE_OK, sqlite3_open(t.database, &db));
    read_schema(db);
    for (size_t i = 0; i < column_count; i++)
        list(&columns[i]);
    fill(db, t.ring);
    EQ_INT(ERR_NONE, store_run(t.store, STORE_READ, copy_step, &copy));
    for (size_t i = 0; i < column_count; i++) {
        const struct column *c = &columns[i];
        if (c->is_person && (c->fate & SAID) && c->said != NULL && strstr(buf_cstr(&copy), c->said) == NULL)
            missing += printf("    %s.%s is not in the copy (%s)\n", c->table, c->name, c->said) > 0;
        if (c->is_person && rows_with(db, c) != 1)
            missing += printf("    %s.%s was not filled\n", c->table, c->name) > 0;
    }
    EQ_INT(ERR_NONE, store_run(t.store, STORE_WRITE, leave_step, NULL));
    for (size_t i = 0; i < column_count; i++)
        if (columns[i].is_person && (columns[i].fate & GONE) && rows_with(db, &columns[i]) != 0)
            missing += printf("    %s.%s outlives the student\n", columns[i].table, columns[i].name) > 0;
    sqlite3_close(db);
    buf_release(&copy);
    temp_store_close(&t);
    EQ_INT(0, missing);
}

int main(void)
{
    crypt_start();
    return tests_run();
}
