/* Rosters: a row is found by its keys and says what its digest says, and an import is in a state it may be in. Declared
 * in fsck.h. Student numbers are not printed. */
#include "base/text.h"
#include "store/fsck.h"
#include "store/queries.h"
#include "store/roster.h"
#include "store/store.h"

#define PAGE_ROWS 1000

/* ---- rows ---- */

struct listed {
    struct roster_entry entry;
    const void *person;
    size_t person_len;
    const char *import_state;
    bool applied, replaced, replaced_by_nothing;
};

static void read_listed(const struct rows *r, struct listed *l)
{
    *l = (struct listed){.entry = {.number = col_int(r, 0),
                                   .id = col_text(r, 1),
                                   .student_no = col_text(r, 2),
                                   .digest = col_int(r, 4),
                                   .document_type = col_text(r, 5),
                                   .level = col_text(r, 6),
                                   .college = col_text(r, 7),
                                   .major = col_text(r, 8),
                                   .class_name = col_text(r, 9),
                                   .student_id = col_text(r, 10)},
                         .import_state = col_text(r, 11),
                         .applied = col_int(r, 12) != 0,
                         .replaced = col_int(r, 14) != 0,
                         .replaced_by_nothing = col_int(r, 13) > 0 && col_is_null(r, 14)};
    l->person = col_bytes(r, 3, &l->person_len);
}

static enum err check_keys(struct tx *tx, struct fsck *f, const struct roster_entry *entry)
{
    int64_t keys[ROSTER_KEYS], import_number = entry->number >> ROSTER_PLACE_BITS;
    roster_keys(store_ring(tx), entry, keys);
    for (size_t i = 0; i < ROSTER_KEYS; i++) {
        struct rows r;
        TRY(TX_OPEN(tx, &r, Q_FSCK_ROSTER_KEY_HAS, v_int(import_number), v_int(keys[i]), v_int(entry->number)));
        if (!rows_next(&r))
            fsck_problem(f, FSCK_rosters, "%s: is not found by its key %zu", entry->id, i + 1);
        TRY(rows_close(&r));
    }
    return ERR_NONE;
}

static bool is_given_up(const char *state)
{
    return text_is(state, "cancelled") || text_is(state, "failed");
}

static enum err check_listed(struct tx *tx, struct fsck *f, struct listed *l)
{
    struct roster_entry *entry = &l->entry;
    f->results[FSCK_rosters].looked_at++;
    if (l->replaced_by_nothing)
        fsck_problem(f, FSCK_rosters, "%s: is replaced by an import that is not there", entry->id);
    if (!l->applied && !text_is(l->import_state, "importing") && !is_given_up(l->import_state))
        fsck_problem(f, FSCK_rosters, "%s: belongs to an import that is %s", entry->id, l->import_state);
    if (!l->applied && entry->student_id != NULL)
        fsck_problem(f, FSCK_rosters, "%s: is linked and was never seen", entry->id);
    enum err e = roster_open_person(tx, l->person, l->person_len, entry);
    if (e == ERR_CORRUPT) {
        fsck_problem(f, FSCK_rosters, "%s: does not open", entry->id);
        return ERR_NONE;
    }
    TRY(e);
    if (roster_digest(store_ring(tx), entry, tx->arena) != entry->digest)
        fsck_problem(f, FSCK_rosters, "%s: says other things than its digest", entry->id);
    return l->applied && !l->replaced ? check_keys(tx, f, entry) : ERR_NONE; /* else they come or go now */
}

enum err fsck_roster_rows(struct tx *tx, void *job)
{
    struct fsck *f = job;
    struct rows r;
    struct listed *page = ARENA_ARRAY(tx->arena, struct listed, PAGE_ROWS);
    size_t count = 0;
    int64_t after = strtoll(f->after, NULL, 10);
    TRY(TX_OPEN(tx, &r, Q_FSCK_ROSTER_ROWS, v_int(after), v_int(PAGE_ROWS)));
    while (count < PAGE_ROWS && rows_next(&r))
        read_listed(&r, &page[count++]);
    TRY(rows_close(&r));
    for (size_t i = 0; i < count; i++)
        TRY(check_listed(tx, f, &page[i]));
    f->done = count < PAGE_ROWS;
    snprintf(f->after, sizeof f->after, "%" PRId64, f->done ? 0 : page[count - 1].entry.number);
    return ERR_NONE;
}

/* ---- imports ---- */

static void check_import(struct fsck *f, const struct rows *r)
{
    const char *id = col_text(r, 0), *state = col_text(r, 1);
    int64_t size = col_int(r, 3), received = col_int(r, 4), in_parts = col_int(r, 5), parts = col_int(r, 6);
    int64_t at_work = col_int(r, 7), keys = col_int(r, 8), rows = col_int(r, 9), replaced = col_int(r, 10);
    bool applied = col_int(r, 2) != 0, is_done = text_is(state, "done"), has_ended = is_done && at_work == 0;
    bool works = text_is(state, "reading") || text_is(state, "importing") || text_is(state, "cancelled");
    bool receives = text_is(state, "receiving"), waits = text_is(state, "reading") || text_is(state, "ready");
    f->results[FSCK_rosters].looked_at++;
    if (applied != is_done)
        fsck_problem(f, FSCK_rosters, "import %s: is %s and %s", id, state, applied ? "seen" : "not seen");
    if (works && at_work == 0)
        fsck_problem(f, FSCK_rosters, "import %s: is %s and nobody works on it", id, state);
    if ((receives || waits) && (in_parts != received || (received == size) != waits))
        fsck_problem(f, FSCK_rosters, "import %s: is %s with %" PRId64 " of %" PRId64 " bytes, %" PRId64 " in parts",
                     id, state, received, size, in_parts);
    if (keys > ROSTER_KEYS * rows)
        fsck_problem(f, FSCK_rosters, "import %s: %" PRId64 " keys of %" PRId64 " rows", id, keys, rows);
    if (has_ended && (parts > 0 || replaced > 0))
        fsck_problem(f, FSCK_rosters, "import %s: has left %" PRId64 " parts and %" PRId64 " old rows", id, parts,
                     replaced);
}

enum err fsck_rosters(struct tx *tx, void *job)
{
    struct fsck *f = job;
    struct rows r;
    TRY(tx_open_all(tx, &r, Q_FSCK_IMPORTS));
    while (rows_next(&r))
        check_import(f, &r);
    TRY(rows_close(&r));
    TRY(tx_open_all(tx, &r, Q_FSCK_ROSTER_TWICE));
    while (rows_next(&r))
        fsck_problem(f, FSCK_rosters, "session %s: %" PRId64 " rows of one student number, the first is %s",
                     col_text(&r, 0), col_int(&r, 1), col_text(&r, 2));
    return rows_close(&r);
}
