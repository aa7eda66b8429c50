#include "store/missing.h"

#include "base/check.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/roster.h"
#include "store/store.h"
#include "store/student.h"

#define IMPORTS_MAX 1000

static const char *tail_of(const char *number)
{
    size_t len = number != NULL ? strlen(number) : 0;
    return len > 4 ? number + len - 4 : len > 0 ? number : "";
}

/* ---- with a roster ---- */

static enum err read_row(struct tx *tx, const struct rows *r, struct missing_row *row)
{
    size_t len = 0;
    struct roster_entry entry = {.number = col_int(r, 0), .id = col_text(r, 1), .student_no = col_text(r, 2)};
    const void *sealed = col_bytes(r, 3, &len);
    TRY(roster_open_person(tx, sealed, len, &entry));
    const char *state = col_text(r, 9);
    *row = (struct missing_row){.cursor = arena_printf(tx->arena, "%" PRId64, entry.number),
                                .student_no = entry.student_no,
                                .name_masked = mask_name(tx->arena, entry.name),
                                .last_four = tail_of(entry.id_number),
                                .college = col_text(r, 4),
                                .major = col_text(r, 5),
                                .class_name = col_text(r, 6),
                                .level = col_text(r, 7),
                                .submission_id = col_text(r, 8),
                                .state = state != NULL ? state : "none"};
    return ERR_NONE;
}

static enum err of_import(struct tx *tx, int64_t import_number, int64_t after, const struct missing_filter *f,
                          struct missing_row *rows, size_t max, size_t *count)
{
    struct rows r;
    enum err e = ERR_NONE;
    int64_t first = import_number << ROSTER_PLACE_BITS;
    TRY(TX_OPEN(tx, &r, Q_MISSING_PAGE, v_int(after > first ? after : first),
                v_int((import_number + 1) << ROSTER_PLACE_BITS), v_text(f->college), v_text(f->college),
                v_text(f->class_name), v_text(f->class_name), v_text(f->state), v_int((int64_t)(max - *count))));
    while (e == ERR_NONE && *count < max && rows_next(&r))
        e = read_row(tx, &r, &rows[(*count)++]);
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

static enum err of_roster(struct tx *tx, const char *session_id, const struct missing_filter *f,
                          struct missing_row *rows, size_t max, size_t *count)
{
    struct rows r;
    int64_t *imports = ARENA_ARRAY(tx->arena, int64_t, IMPORTS_MAX), after = 0;
    size_t import_count = 0;
    if (f->cursor != NULL && !text_int(f->cursor, &after))
        return ERR_BAD_FIELD;
    TRY(TX_OPEN(tx, &r, Q_MISSING_IMPORTS, v_text(session_id), v_int(after >> ROSTER_PLACE_BITS)));
    while (import_count < IMPORTS_MAX && rows_next(&r))
        imports[import_count++] = col_int(&r, 0);
    TRY(rows_close(&r));
    for (size_t i = 0; i < import_count && *count < max; i++)
        TRY(of_import(tx, imports[i], after, f, rows, max, count));
    return ERR_NONE;
}

/* ---- masks ---- */

/* The first * of a text, also the full-width one; *len: its bytes. */
static const char *star_in(const char *text, size_t *len)
{
    const char *narrow = strchr(text, '*'), *wide = strstr(text, "\xef\xbc\x8a");
    *len = wide != NULL && (narrow == NULL || wide < narrow) ? 3 : 1;
    return *len == 3 ? wide : narrow;
}

bool name_fits(const char *given, const char *name)
{
    size_t star_len = 0, len = strlen(name);
    const char *star = star_in(given, &star_len);
    if (star == NULL)
        return text_is(given, name);
    size_t before = (size_t)(star - given);
    if (strncmp(given, name, before) != 0)
        return false;
    const char *behind = star + star_len;
    while (star_in(behind, &star_len) != NULL)
        behind = star_in(behind, &star_len) + star_len;
    size_t tail = strlen(behind);
    return before + tail <= len && strcmp(name + len - tail, behind) == 0;
}

/* ---- without a roster ---- */

struct came {
    const char *submission_id, *code, *state, *student_no, *name, *last_four;
    bool expected;
};

struct expectation {
    struct expected who;
    const struct came *match; /* the one, or one of several */
    size_t fits;
};

struct comparison {
    struct came *came;
    size_t came_count;
    struct expectation *expected;
    size_t expected_count;
};

static int by_last_four(const void *a, const void *b)
{
    const struct came *left = a, *right = b;
    return strcmp(left->last_four, right->last_four);
}

static enum err load_came(struct tx *tx, const char *session_id, struct comparison *c)
{
    struct rows r;
    c->came = ARENA_ARRAY(tx->arena, struct came, COLLECTED_MAX);
    const char **students = ARENA_ARRAY(tx->arena, const char *, COLLECTED_MAX);
    TRY(TX_OPEN(tx, &r, Q_EXPECTED_SUBMISSIONS, v_text(session_id), v_int(COLLECTED_MAX)));
    while (c->came_count < COLLECTED_MAX && rows_next(&r)) {
        students[c->came_count] = col_text(&r, 3);
        c->came[c->came_count++] = (struct came){.submission_id = col_text(&r, 0),
                                                 .code = col_text(&r, 1),
                                                 .state = col_text(&r, 2),
                                                 .student_no = col_text(&r, 4)};
    }
    TRY(rows_close(&r));
    if (c->came_count == COLLECTED_MAX)
        return ERR_TOO_LARGE;
    for (size_t i = 0; i < c->came_count; i++) {
        struct student student;
        TRY(student_get(tx, students[i], &student));
        c->came[i].name = student.name;
        c->came[i].last_four = tail_of(student.id_number);
    }
    qsort(c->came, c->came_count, sizeof c->came[0], by_last_four);
    return ERR_NONE;
}

static enum err open_expected(struct tx *tx, const struct rows *r, struct expected *e)
{
    char *text = NULL;
    size_t sealed_len = 0, len = 0;
    *e = (struct expected){.id = col_text(r, 0),
                           .student_no = col_text(r, 1),
                           .college = col_text(r, 3),
                           .major = col_text(r, 4),
                           .class_name = col_text(r, 5)};
    const void *sealed = col_bytes(r, 2, &sealed_len);
    const char *about = arena_printf(tx->arena, "expected|%s|person", e->id);
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len, about, tx->arena, &text, &len));
    char *tail = strchr(text, '\n');
    if (tail == NULL)
        return ERR_CORRUPT;
    *tail = '\0';
    e->name = text;
    e->last_four = tail + 1;
    return ERR_NONE;
}

static enum err load_expected(struct tx *tx, const char *session_id, struct comparison *c)
{
    struct rows r;
    enum err e = ERR_NONE;
    c->expected = ARENA_ARRAY(tx->arena, struct expectation, EXPECTED_MAX);
    TRY(TX_OPEN(tx, &r, Q_EXPECTED_LIST, v_text(session_id)));
    while (e == ERR_NONE && c->expected_count < EXPECTED_MAX && rows_next(&r))
        e = open_expected(tx, &r, &c->expected[c->expected_count++].who);
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

static bool is_who(const struct expected *who, const struct came *came)
{
    if (who->student_no[0] != '\0' && came->student_no != NULL)
        return text_is(who->student_no, came->student_no);
    if (who->last_four[0] == '\0' || !text_is(who->last_four, came->last_four))
        return false;
    return who->name[0] == '\0' || (came->name != NULL && name_fits(who->name, came->name));
}

static void match(struct comparison *c, struct expectation *x)
{
    struct came want = {.last_four = x->who.last_four};
    size_t from = 0, to = c->came_count;
    if (x->who.student_no[0] == '\0') { /* only those with these last four can be it */
        const struct came *hit = bsearch(&want, c->came, c->came_count, sizeof want, by_last_four);
        if (hit == NULL)
            return;
        from = to = (size_t)(hit - c->came);
        while (from > 0 && text_is(c->came[from - 1].last_four, want.last_four))
            from--;
        while (to < c->came_count && text_is(c->came[to].last_four, want.last_four))
            to++;
    }
    for (size_t i = from; i < to; i++)
        if (is_who(&x->who, &c->came[i])) {
            x->match = &c->came[i];
            x->fits++;
            c->came[i].expected = true;
        }
}

static enum err compare(struct tx *tx, const char *session_id, struct comparison *c)
{
    *c = (struct comparison){.came = NULL};
    TRY(load_came(tx, session_id, c));
    TRY(load_expected(tx, session_id, c));
    for (size_t i = 0; i < c->expected_count; i++)
        match(c, &c->expected[i]);
    return ERR_NONE;
}

static bool collected(const char *state)
{
    static const char *const not_yet[] = {"draft", "awaiting_payment", "retake", "closed"};
    for (size_t i = 0; i < countof(not_yet); i++)
        if (text_is(state, not_yet[i]))
            return false;
    return true;
}

static bool wanted(const struct missing_filter *f, const struct expectation *x, const char *state)
{
    if (x->fits == 1 && collected(x->match->state))
        return false;
    return (f->college[0] == '\0' || text_is(f->college, x->who.college)) &&
           (f->class_name[0] == '\0' || text_is(f->class_name, x->who.class_name)) &&
           (f->state[0] == '\0' || text_is(f->state, state)) && (f->cursor == NULL || strcmp(x->who.id, f->cursor) > 0);
}

static enum err of_expected(struct tx *tx, const char *session_id, const struct missing_filter *f,
                            struct missing_row *rows, size_t max, size_t *count)
{
    struct comparison c;
    TRY(compare(tx, session_id, &c));
    if (c.expected_count == 0)
        return ERR_REFUSED;
    for (size_t i = 0; i < c.expected_count && *count < max; i++) {
        const struct expectation *x = &c.expected[i];
        const char *state = x->fits == 0 ? "none" : x->fits > 1 ? "ambiguous" : x->match->state;
        if (!wanted(f, x, state))
            continue;
        size_t star = 0;
        bool masked = star_in(x->who.name, &star) != NULL;
        rows[(*count)++] = (struct missing_row){.cursor = x->who.id,
                                                .student_no = x->who.student_no,
                                                .name_masked = masked ? x->who.name : mask_name(tx->arena, x->who.name),
                                                .last_four = x->who.last_four,
                                                .college = x->who.college,
                                                .major = x->who.major,
                                                .class_name = x->who.class_name,
                                                .level = "",
                                                .submission_id = x->fits == 1 ? x->match->submission_id : NULL,
                                                .state = state};
    }
    return ERR_NONE;
}

enum err missing_list(struct tx *tx, const struct capture_session *session, const struct missing_filter *filter,
                      struct missing_row *rows, size_t max, size_t *count)
{
    *count = 0;
    if (text_is(session->policy.roster_mode, "code_only"))
        return of_expected(tx, session->id, filter, rows, max, count);
    return of_roster(tx, session->id, filter, rows, max, count);
}

enum err expected_set(struct tx *tx, const char *session_id, const struct expected *list, size_t count)
{
    RUNS_ON(ROLE_WRITER);
    TRY(TX_RUN(tx, Q_EXPECTED_DROP, v_text(session_id)));
    for (size_t i = 0; i < count; i++) {
        size_t len = 0;
        const char *id = arena_printf(tx->arena, "%s-%06zu", session_id, i + 1);
        const char *about = arena_printf(tx->arena, "expected|%s|person", id);
        const char *person = arena_printf(tx->arena, "%s\n%s", list[i].name, list[i].last_four);
        const void *sealed =
            keyring_seal(store_ring(tx), KEYRING_COLUMN, person, strlen(person), about, tx->arena, &len);
        TRY(TX_RUN(tx, Q_EXPECTED_ADD, v_text(id), v_text(session_id), v_text(list[i].student_no), v_bytes(sealed, len),
                   v_text(list[i].college), v_text(list[i].major), v_text(list[i].class_name)));
    }
    return ERR_NONE;
}

enum err expected_reconcile(struct tx *tx, const char *session_id, struct reconciliation *result)
{
    struct comparison c;
    *result = (struct reconciliation){.matched = 0};
    TRY(compare(tx, session_id, &c));
    for (size_t i = 0; i < c.expected_count; i++) {
        result->matched += c.expected[i].fits == 1;
        result->ambiguous += c.expected[i].fits > 1;
        result->missing += c.expected[i].fits == 0;
    }
    for (size_t i = 0; i < c.came_count; i++) {
        if (c.came[i].expected)
            continue;
        result->unexpected++;
        if (result->unexpected_shown < UNEXPECTED_SHOW)
            result->unexpected_codes[result->unexpected_shown++] = c.came[i].code;
    }
    return ERR_NONE;
}
