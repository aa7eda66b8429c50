/* The writing half of roster_load.h: rows where nobody sees them, their keys, the switch, and what is left to remove.
 */
#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/queries.h"
#include "store/roster_batch.h"
#include "store/upload.h"

#define PAGE_ROWS 1000
#define KEYS_WORK 4 /* one in so many parts of the work are the keys */

/* By the first bits of the key, so that sorting one takes little room beside it. */
#define KEY_SHELVES 64

/* Twelve bytes: three million of them are the largest thing an import holds. */
struct key_row {
    int32_t high; /* of the key */
    uint32_t low, place;
};

struct shelf {
    struct key_row *rows;
    size_t count, room;
};

struct staging {
    struct roster_load *load;
    bool compares;
    struct shelf shelves[KEY_SHELVES]; /* in the order of their keys */
    size_t key_count, keys_put;
    size_t keys_expected; /* so that shelves need not grow beside each other, which leaves holes */
    struct mailbox box;
    struct slot {
        struct store_unit unit;
        struct staging *staging;
        struct roster_batch *batch;
        int64_t done;
        bool away;
    } slots[2];
};

static void add_key(struct staging *s, int64_t key, int64_t number)
{
    struct shelf *shelf = &s->shelves[((uint64_t)key ^ UINT64_C(1) << 63) >> 58];
    if (shelf->count == shelf->room) {
        shelf->room += (shelf->room > 0 ? shelf->room / 4 : s->keys_expected / KEY_SHELVES) + 1024;
        shelf->rows = realloc(shelf->rows, shelf->room * sizeof shelf->rows[0]);
        CHECK(shelf->rows != NULL);
    }
    shelf->rows[shelf->count++] = (struct key_row){(int32_t)(key >> 32), (uint32_t)(key & UINT32_MAX),
                                                   (uint32_t)(number & ((INT64_C(1) << ROSTER_PLACE_BITS) - 1))};
    s->key_count++;
}

static void add_keys(struct staging *s, const int64_t keys[ROSTER_KEYS], int64_t number)
{
    for (size_t i = 0; i < ROSTER_KEYS; i++)
        add_key(s, keys[i], number);
}

/* ---- rows ---- */

static enum err stage_row(struct tx *tx, struct roster_batch *b, size_t i, int64_t import_number)
{
    int64_t changed = 1;
    if (b->outcomes[i] == 's' || b->outcomes[i] == 'l')
        return ERR_NONE;
    if (b->outcomes[i] == 'c')
        TRY(TX_RUN_N(tx, &changed, Q_STAGED_SUPERSEDE, v_int(import_number), v_int(b->old_numbers[i])));
    return roster_add(tx, &b->entries[i], import_number, &b->sealed[i]);
}

static enum err stage_step(struct tx *tx, void *job)
{
    struct slot *slot = job;
    struct staging *s = slot->staging;
    const struct roster_import *import = &s->load->import;
    struct roster_batch *b = slot->batch;
    int64_t changed = 0;
    for (size_t i = 0; i < b->count; i++) {
        b->outcomes[i] = 'a';
        if (s->compares)
            TRY(roster_outcome(tx, import->session_id, b, i));
        TRY(stage_row(tx, b, i, import->number));
    }
    struct roster_import counts = {.added = 0};
    roster_batch_count(b, &counts);
    TRY(TX_RUN_N(tx, &changed, Q_IMPORT_STAGED, v_int(slot->done), v_int(b->last_place), v_int(b->last_place),
                 v_int(counts.added), v_int(counts.changed), v_int(counts.same), v_int(counts.linked_kept),
                 v_text(import->id)));
    return changed == 0 ? ERR_STALE : ERR_NONE;
}

static void staged(struct store_unit *unit)
{
    struct slot *slot = container_of(unit, struct slot, unit);
    slot->away = false;
}

/* Waits until the slot is back and takes over what became of it. */
static enum err land(struct staging *s, struct slot *slot)
{
    if (slot->unit.store == NULL)
        return ERR_NONE;
    while (slot->away)
        mailbox_wait(&s->box);
    slot->unit.store = NULL;
    if (slot->unit.result != ERR_NONE)
        return slot->unit.result;
    const struct roster_batch *b = slot->batch;
    for (size_t i = 0; i < b->count; i++)
        if (b->outcomes[i] == 'a' || b->outcomes[i] == 'c')
            add_keys(s, b->sealed[i].keys, b->entries[i].number);
    s->load->import.rows_done = b->last_place;
    roster_batch_count(b, &s->load->import);
    return roster_go(s->load, slot->done) ? ERR_NONE : ERR_REFUSED;
}

static enum err send(struct staging *s, struct slot *slot)
{
    slot->away = true;
    slot->unit = (struct store_unit){
        .home = &s->box, .mode = STORE_WRITE, .step = stage_step, .job = slot, .done = staged, .background = true};
    enum err e = store_submit(s->load->store, &slot->unit);
    if (e != ERR_NONE) {
        slot->away = false;
        slot->unit.store = NULL;
    }
    return e;
}

/* One batch is filled and sealed here while the writer writes the one before. */
static enum err stage_rows(struct staging *s, struct roster_rows *rows)
{
    struct roster_load *load = s->load;
    enum err e = ERR_NONE;
    bool more = true;
    for (size_t turn = 0; more && e == ERR_NONE; turn++) {
        struct slot *slot = &s->slots[turn % 2];
        e = land(s, slot);
        if (e == ERR_NONE)
            e = roster_batch_fill(slot->batch, load, rows, load->import.staged, &more);
        int64_t at = roster_rows_at(rows);
        slot->done = at - at / KEYS_WORK;
        if (e == ERR_NONE && slot->batch->last_place > load->import.staged)
            e = send(s, slot);
    }
    for (size_t i = 0; i < countof(s->slots); i++) {
        enum err landed = land(s, &s->slots[i]);
        e = e == ERR_NONE ? landed : e;
    }
    return e;
}

static enum err stage_file(struct staging *s)
{
    struct roster_rows rows;
    mailbox_init(&s->box, NULL, NULL);
    for (size_t i = 0; i < countof(s->slots); i++) {
        s->slots[i].staging = s;
        s->slots[i].batch = roster_batch_new(true);
    }
    enum err e = roster_rows_open(&rows, s->load->source, &s->load->kind);
    if (e == ERR_NONE)
        e = stage_rows(s, &rows);
    roster_rows_close(&rows);
    for (size_t i = 0; i < countof(s->slots); i++)
        roster_batch_free(s->slots[i].batch);
    mailbox_release(&s->box);
    return roster_failed(s->load, &rows, e);
}

/* ---- what an earlier run staged ---- */

struct staged_page {
    struct staging *staging;
    int64_t after, before;
    size_t count;
    int64_t keys[PAGE_ROWS][ROSTER_KEYS], numbers[PAGE_ROWS];
};

static enum err staged_entry(struct tx *tx, const struct rows *r, struct roster_entry *entry)
{
    size_t len = 0;
    *entry = (struct roster_entry){.number = col_int(r, 0), .id = col_text(r, 1), .student_no = col_text(r, 2)};
    const void *sealed = col_bytes(r, 3, &len);
    return roster_open_person(tx, sealed, len, entry);
}

static enum err staged_page_step(struct tx *tx, void *job)
{
    struct staged_page *page = job;
    struct rows r;
    enum err e = ERR_NONE;
    page->count = 0;
    TRY(TX_OPEN(tx, &r, Q_STAGED_PAGE, v_int(page->after), v_int(page->before), v_int(PAGE_ROWS)));
    while (e == ERR_NONE && page->count < PAGE_ROWS && rows_next(&r)) {
        struct roster_entry entry;
        e = staged_entry(tx, &r, &entry);
        if (e != ERR_NONE)
            break;
        roster_keys(store_ring(tx), &entry, page->keys[page->count]);
        page->numbers[page->count++] = entry.number;
    }
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

static enum err recall(struct staging *s)
{
    const struct roster_import *import = &s->load->import;
    struct staged_page *page = calloc(1, sizeof *page);
    CHECK(page != NULL);
    *page = (struct staged_page){.staging = s,
                                 .after = import->number << ROSTER_PLACE_BITS,
                                 .before = (import->number + 1) << ROSTER_PLACE_BITS};
    enum err e = ERR_NONE;
    do {
        e = roster_unit(s->load->store, STORE_READ, staged_page_step, page);
        for (size_t i = 0; e == ERR_NONE && i < page->count; i++)
            add_keys(s, page->keys[i], page->numbers[i]);
        if (page->count > 0)
            page->after = page->numbers[page->count - 1];
    } while (e == ERR_NONE && page->count == PAGE_ROWS);
    free(page);
    return e;
}

/* ---- keys ---- */

static int by_key(const void *a, const void *b)
{
    const struct key_row *left = a, *right = b;
    if (left->high != right->high)
        return left->high < right->high ? -1 : 1;
    if (left->low != right->low)
        return left->low < right->low ? -1 : 1;
    return left->place < right->place ? -1 : left->place > right->place;
}

struct key_unit {
    const struct roster_import *import;
    const struct key_row *keys;
    size_t count;
    int64_t done;
};

static enum err put_key(struct tx *tx, int64_t import_number, const struct key_row *row)
{
    int64_t key = (int64_t)((uint64_t)(uint32_t)row->high << 32 | row->low);
    return TX_RUN(tx, Q_ROSTER_KEY_ADD, v_int(import_number), v_int(key),
                  v_int(import_number << ROSTER_PLACE_BITS | row->place));
}

static enum err keys_step(struct tx *tx, void *job)
{
    struct key_unit *u = job;
    int64_t changed = 0;
    for (size_t i = 0; i < u->count; i++)
        TRY(put_key(tx, u->import->number, &u->keys[i]));
    TRY(TX_RUN_N(tx, &changed, Q_IMPORT_PROGRESS, v_int(u->done), v_int(u->import->rows_done),
                 v_int(u->import->rows_total), v_text(u->import->id), v_text("importing")));
    return changed == 0 ? ERR_STALE : ERR_NONE;
}

static enum err put_shelf(struct staging *s, struct shelf *shelf)
{
    struct roster_load *load = s->load;
    int64_t before = load->total - load->total / KEYS_WORK;
    if (shelf->count > 0)
        qsort(shelf->rows, shelf->count, sizeof shelf->rows[0], by_key);
    for (size_t at = 0; at < shelf->count; at += ROSTER_UNIT_KEYS) {
        size_t left = shelf->count - at;
        struct key_unit unit = {&load->import, shelf->rows + at, left < ROSTER_UNIT_KEYS ? left : ROSTER_UNIT_KEYS, 0};
        s->keys_put += unit.count;
        unit.done = before + (int64_t)((double)(load->total - before) * (double)s->keys_put / (double)s->key_count);
        TRY(roster_unit(load->store, STORE_WRITE, keys_step, &unit));
        if (!roster_go(load, unit.done))
            return ERR_REFUSED;
    }
    return ERR_NONE;
}

static enum err put_keys(struct staging *s)
{
    enum err e = ERR_NONE;
    for (size_t i = 0; i < KEY_SHELVES && e == ERR_NONE; i++)
        e = put_shelf(s, &s->shelves[i]);
    return e;
}

/* ---- the switch ---- */

/* Somebody linked the old row while the new one waited: the old one stays, as if it had been linked before. */
static enum err keep_linked(struct tx *tx, struct roster_import *import, int64_t old_number, const char *student_no)
{
    struct rows r;
    struct roster_entry entry = {.number = 0};
    int64_t keys[ROSTER_KEYS], key = roster_student_no_key(store_ring(tx), student_no);
    enum err e = ERR_NONE;
    TRY(TX_OPEN(tx, &r, Q_STAGED_BY_KEY, v_int(import->number), v_int(key)));
    while (e == ERR_NONE && entry.number == 0 && rows_next(&r)) {
        size_t len = 0;
        const void *sealed = col_bytes(&r, 4, &len);
        if (!text_is(col_text(&r, 3), student_no))
            continue;
        entry = (struct roster_entry){.number = col_int(&r, 0), .id = col_text(&r, 2), .student_no = student_no};
        e = roster_open_person(tx, sealed, len, &entry);
    }
    enum err closed = rows_close(&r);
    TRY(e != ERR_NONE ? e : closed);
    TRY(TX_RUN(tx, Q_STAGED_KEEP, v_int(old_number)));
    if (entry.number == 0)
        return ERR_NONE;
    roster_keys(store_ring(tx), &entry, keys);
    for (size_t i = 0; i < ROSTER_KEYS; i++)
        TRY(TX_RUN(tx, Q_ROSTER_KEY_DROP, v_int(import->number), v_int(keys[i]), v_int(entry.number)));
    import->changed--;
    import->linked_kept++;
    return TX_RUN(tx, Q_STAGED_DROP, v_int(entry.number));
}

#define LINKED_MEANWHILE_MAX 2000

static enum err keep_all_linked(struct tx *tx, struct roster_import *import)
{
    struct rows r;
    int64_t *numbers = ARENA_ARRAY(tx->arena, int64_t, LINKED_MEANWHILE_MAX);
    const char **student_nos = ARENA_ARRAY(tx->arena, const char *, LINKED_MEANWHILE_MAX);
    size_t count = 0;
    TRY(TX_OPEN(tx, &r, Q_STAGED_LINKED_MEANWHILE, v_int(import->number)));
    while (count < LINKED_MEANWHILE_MAX && rows_next(&r)) {
        numbers[count] = col_int(&r, 0);
        student_nos[count++] = col_text(&r, 1);
    }
    TRY(rows_close(&r));
    for (size_t i = 0; i < count; i++)
        TRY(keep_linked(tx, import, numbers[i], student_nos[i]));
    return count == LINKED_MEANWHILE_MAX ? keep_all_linked(tx, import) : ERR_NONE;
}

struct applying {
    const char *id;
    int64_t now_us;
};

static enum err apply_step(struct tx *tx, void *job)
{
    const struct applying *a = job;
    struct roster_import import;
    int64_t changed = 0;
    TRY(roster_import_get(tx, a->id, &import));
    TRY(keep_all_linked(tx, &import));
    TRY(TX_RUN_N(tx, &changed, Q_IMPORT_APPLY, v_int(import.changed), v_int(import.linked_kept), v_int(a->now_us),
                 v_text(a->id)));
    if (changed == 0)
        return ERR_STALE;
    bool by_staff = !text_is(import.created_by, "command-line");
    const char *detail = arena_printf(tx->arena, "{\"import_id\":\"%s\",\"added\":%" PRId64 ",\"changed\":%" PRId64 "}",
                                      a->id, import.added, import.changed);
    const struct audit_entry entry = {.at_us = a->now_us,
                                      .actor_kind = by_staff ? "staff" : "server",
                                      .actor_id = import.created_by,
                                      .action = "roster_imported",
                                      .object_kind = "session",
                                      .object_id = import.session_id,
                                      .detail = detail};
    return audit_add(tx, &entry);
}

/* Rows of another import were compared with a roster that this one would change under them. */
static enum err check_alone(struct tx *tx, const struct roster_import *import)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_IMPORT_BEGUN_COUNT, v_text(import->session_id), v_text(import->id)));
    bool alone = rows_next(&r) && col_int(&r, 0) == 0;
    TRY(rows_close_one(&r));
    return alone ? ERR_NONE : ERR_BUSY;
}

/* What an earlier run wrote counts; a first one forgets what the check counted. */
static enum err begin_step(struct tx *tx, void *job)
{
    struct roster_load *load = job;
    struct roster_import now;
    TRY(roster_import_get(tx, load->import.id, &now));
    if (!text_is(now.state, "importing"))
        return ERR_STALE;
    TRY(check_alone(tx, &now));
    bool fresh = now.staged == 0;
    load->import.staged = now.staged;
    load->import.added = fresh ? 0 : now.added;
    load->import.changed = fresh ? 0 : now.changed;
    load->import.same = fresh ? 0 : now.same;
    load->import.linked_kept = fresh ? 0 : now.linked_kept;
    return fresh ? TX_RUN(tx, Q_IMPORT_BEGIN, v_int(load->import.rows_total), v_text(now.id)) : ERR_NONE;
}

static enum err write_all(struct roster_load *load)
{
    struct staging s = {.load = load, .keys_expected = (size_t)load->import.rows_total * ROSTER_KEYS};
    struct roster_import *i = &load->import;
    enum err e = roster_unit(load->store, STORE_WRITE, begin_step, load);
    if (e == ERR_NONE)
        e = roster_load_compares(load, &s.compares);
    if (e == ERR_NONE && i->staged > 0)
        e = recall(&s);
    if (e == ERR_NONE)
        e = stage_file(&s);
    if (e == ERR_NONE)
        e = put_keys(&s);
    for (size_t shelf = 0; shelf < KEY_SHELVES; shelf++)
        free(s.shelves[shelf].rows);
    TRY(e);
    struct applying a = {i->id, clock_utc_us()};
    return roster_unit(load->store, STORE_WRITE, apply_step, &a);
}

/* One at a time in a process: two of a session would each add the student whom neither sees yet. */
enum err roster_load_write(struct roster_load *load)
{
    static pthread_mutex_t alone = PTHREAD_MUTEX_INITIALIZER;
    CHECK(load->marks != NULL && load->import.id != NULL);
    pthread_mutex_lock(&alone);
    enum err e = write_all(load);
    pthread_mutex_unlock(&alone);
    return e;
}
