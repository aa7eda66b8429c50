#include "store/roster.h"

#include "base/check.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/store.h"
#include "store/student.h"

/* ---- sealing ---- */

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static const char *last_four_of(const char *normal)
{
    size_t len = strlen(normal);
    return len > 4 ? normal + len - 4 : normal;
}

int64_t roster_student_no_key(const struct keyring *ring, const char *student_no)
{
    return keyring_index_number(ring, "roster.student_no", student_no);
}

static int64_t id_number_key(const struct keyring *ring, const char *normal)
{
    return keyring_index_number(ring, "roster.id_number", normal);
}

static int64_t last_four_key(const struct keyring *ring, const char *last_four)
{
    return keyring_index_number(ring, "roster.last_four", last_four);
}

void roster_keys(const struct keyring *ring, const struct roster_entry *entry, int64_t keys[ROSTER_KEYS])
{
    keys[0] = roster_student_no_key(ring, entry->student_no);
    keys[1] = id_number_key(ring, entry->id_number);
    keys[2] = last_four_key(ring, last_four_of(entry->id_number));
}

/* Values hold no control characters (roster_rows.h), so a line break keeps them apart. */
static const char *person_of(const struct roster_entry *entry, struct arena *arena)
{
    return arena_printf(arena, "%s\n%s\n%s", entry->name, entry->id_number, or_empty(entry->phone));
}

static int64_t digest_of(const struct keyring *ring, const struct roster_entry *entry, const char *person,
                         struct arena *arena)
{
    const char *all =
        arena_printf(arena, "%s\n%s\n%s\n%s\n%s\n%s", person, or_empty(entry->document_type), or_empty(entry->level),
                     or_empty(entry->college), or_empty(entry->major), or_empty(entry->class_name));
    return keyring_index_number(ring, "roster.digest", all);
}

int64_t roster_digest(const struct keyring *ring, const struct roster_entry *entry, struct arena *arena)
{
    return digest_of(ring, entry, person_of(entry, arena), arena);
}

void roster_seal(const struct keyring *ring, const struct roster_entry *entry, struct arena *arena,
                 struct roster_sealed *sealed)
{
    const char *person = person_of(entry, arena);
    const char *about = arena_printf(arena, "roster|%s|person", entry->id);
    sealed->person = keyring_seal(ring, KEYRING_COLUMN, person, strlen(person), about, arena, &sealed->person_len);
    sealed->digest = digest_of(ring, entry, person, arena);
    roster_keys(ring, entry, sealed->keys);
}

/* Splits "name\nnumber\nphone" in place. */
enum err roster_open_person(struct tx *tx, const void *bytes, size_t len, struct roster_entry *entry)
{
    char *text = NULL;
    size_t text_len = 0;
    const char *about = arena_printf(tx->arena, "roster|%s|person", entry->id);
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, bytes, len, about, tx->arena, &text, &text_len));
    char *number = strchr(text, '\n'), *phone = number != NULL ? strchr(number + 1, '\n') : NULL;
    if (phone == NULL)
        return ERR_CORRUPT;
    *number = *phone = '\0';
    entry->name = text;
    entry->id_number = number + 1;
    entry->phone = phone + 1;
    return ERR_NONE;
}

/* ---- looking up ---- */

static enum err read_entry(struct tx *tx, const struct rows *r, struct roster_entry *entry)
{
    size_t len = 0;
    *entry = (struct roster_entry){.number = col_int(r, 0),
                                   .id = col_text(r, 1),
                                   .student_no = col_text(r, 2),
                                   .document_type = col_text(r, 4),
                                   .level = col_text(r, 5),
                                   .college = col_text(r, 6),
                                   .major = col_text(r, 7),
                                   .class_name = col_text(r, 8),
                                   .session_id = col_text(r, 9),
                                   .student_id = col_text(r, 10),
                                   .digest = col_int(r, 11)};
    const void *person = col_bytes(r, 3, &len);
    return roster_open_person(tx, person, len, entry);
}

enum err roster_get(struct tx *tx, const char *id, struct roster_entry *entry)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_ROSTER_GET, v_text(id)));
    enum err e = rows_next(&r) ? read_entry(tx, &r, entry) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

/* Sixty-four bits may be somebody else's: the values themselves decide. NULL: not compared. */
struct wanted {
    const char *student_no, *id_number, *last_four;
};

static bool fits(const struct roster_entry *entry, const struct wanted *want)
{
    return (want->student_no == NULL || text_is(entry->student_no, want->student_no)) &&
           (want->id_number == NULL || text_is(entry->id_number, want->id_number)) &&
           (want->last_four == NULL || text_is(last_four_of(entry->id_number), want->last_four));
}

static enum err find(struct tx *tx, const char *session_id, int64_t key, const struct wanted *want,
                     struct roster_entry *list, size_t max, size_t *count)
{
    struct rows r;
    struct roster_entry entry;
    enum err e = ERR_NONE;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_ROSTER_BY_KEY, v_text(session_id), v_int(key)));
    while (e == ERR_NONE && *count < max && rows_next(&r)) {
        e = read_entry(tx, &r, &entry);
        if (e == ERR_NONE && fits(&entry, want))
            list[(*count)++] = entry;
    }
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

static enum err find_one(struct tx *tx, const char *session_id, int64_t key, const struct wanted *want,
                         struct roster_entry *entry)
{
    size_t count = 0;
    TRY(find(tx, session_id, key, want, entry, 1, &count));
    return count == 0 ? ERR_NOT_FOUND : ERR_NONE;
}

enum err roster_by_key(struct tx *tx, const char *session_id, int64_t key, const char *student_no,
                       struct roster_entry *entry)
{
    const struct wanted want = {.student_no = student_no};
    return find_one(tx, session_id, key, &want, entry);
}

enum err roster_by_student_no(struct tx *tx, const char *session_id, const char *student_no, struct roster_entry *entry)
{
    return roster_by_key(tx, session_id, roster_student_no_key(store_ring(tx), student_no), student_no, entry);
}

enum err roster_by_number(struct tx *tx, const char *session_id, const char *student_no, const char *last_four,
                          struct roster_entry *entry)
{
    char normal[ID_NUMBER_BYTES];
    if (!id_number_normal(last_four, normal) || strlen(normal) != 4)
        return ERR_NOT_FOUND;
    const struct wanted want = {.student_no = student_no, .last_four = normal};
    return find_one(tx, session_id, roster_student_no_key(store_ring(tx), student_no), &want, entry);
}

enum err roster_with_id_number(struct tx *tx, const char *session_id, const char *id_number, struct roster_entry *list,
                               size_t max, size_t *count)
{
    char normal[ID_NUMBER_BYTES];
    *count = 0;
    if (!id_number_normal(id_number, normal))
        return ERR_NONE;
    const struct wanted want = {.id_number = normal};
    return find(tx, session_id, id_number_key(store_ring(tx), normal), &want, list, max, count);
}

enum err roster_with_last_four(struct tx *tx, const char *session_id, const char *last_four, struct roster_entry *list,
                               size_t max, size_t *count)
{
    char normal[ID_NUMBER_BYTES];
    *count = 0;
    if (!id_number_normal(last_four, normal) || strlen(normal) != 4)
        return ERR_NONE;
    const struct wanted want = {.last_four = normal};
    return find(tx, session_id, last_four_key(store_ring(tx), normal), &want, list, max, count);
}

enum err roster_count(struct tx *tx, const char *session_id, int64_t *rows, int64_t *linked)
{
    struct rows r;
    *rows = *linked = 0;
    TRY(TX_OPEN(tx, &r, Q_ROSTER_COUNT, v_text(session_id)));
    if (rows_next(&r)) {
        *rows = col_int(&r, 0);
        *linked = col_int(&r, 1);
    }
    return rows_close(&r);
}

/* ---- changing ---- */

enum err roster_link(struct tx *tx, const struct roster_entry *entry, const char *student_id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    struct roster_entry now;
    TRY(roster_get(tx, entry->id, &now));
    TRY(TX_RUN_N(tx, &changed, Q_ROSTER_LINK, v_text(student_id), v_int(now_us), v_text(entry->id)));
    if (changed == 0 && !text_is(now.student_id, student_id))
        return ERR_CONFLICT;
    return student_set_names(tx, student_id, now.name, now.id_number);
}

enum err roster_add(struct tx *tx, const struct roster_entry *entry, int64_t import_number,
                    const struct roster_sealed *sealed)
{
    return TX_RUN(tx, Q_ROSTER_ADD, v_int(entry->number), v_text(entry->id), v_int(import_number),
                  v_text(entry->student_no), v_bytes(sealed->person, sealed->person_len), v_int(sealed->digest),
                  v_text(or_empty(entry->document_type)), v_text(or_empty(entry->level)),
                  v_text(or_empty(entry->college)), v_text(or_empty(entry->major)),
                  v_text(or_empty(entry->class_name)));
}

/* The import of a session for rows that came in no file; made with the id of its first row. */
static enum err by_hand(struct tx *tx, const struct roster_entry *entry, int64_t now_us, int64_t *number)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_ROSTER_BY_HAND, v_text(entry->session_id)));
    bool there = rows_next(&r);
    *number = there ? col_int(&r, 0) : 0;
    TRY(rows_close(&r));
    if (there)
        return ERR_NONE;
    TRY(TX_RUN(tx, Q_ROSTER_BY_HAND_ADD, v_text(entry->id), v_text(entry->session_id), v_int(now_us)));
    return by_hand(tx, entry, now_us, number);
}

static enum err put_keys(struct tx *tx, int64_t import_number, const struct roster_sealed *sealed, int64_t number)
{
    for (size_t i = 0; i < ROSTER_KEYS; i++)
        TRY(TX_RUN(tx, Q_ROSTER_KEY_ADD, v_int(import_number), v_int(sealed->keys[i]), v_int(number)));
    return ERR_NONE;
}

static enum err replace(struct tx *tx, const struct roster_entry *old, struct roster_entry entry)
{
    struct roster_sealed sealed;
    int64_t keys[ROSTER_KEYS], import_number = old->number >> ROSTER_PLACE_BITS;
    entry.id = old->id;
    roster_seal(store_ring(tx), &entry, tx->arena, &sealed);
    roster_keys(store_ring(tx), old, keys);
    for (size_t i = 0; i < ROSTER_KEYS; i++)
        TRY(TX_RUN(tx, Q_ROSTER_KEY_DROP, v_int(import_number), v_int(keys[i]), v_int(old->number)));
    TRY(put_keys(tx, import_number, &sealed, old->number));
    return TX_RUN(tx, Q_ROSTER_REPLACE, v_bytes(sealed.person, sealed.person_len), v_int(sealed.digest),
                  v_text(or_empty(entry.document_type)), v_text(or_empty(entry.level)), v_text(or_empty(entry.college)),
                  v_text(or_empty(entry.major)), v_text(or_empty(entry.class_name)), v_int(old->number));
}

static enum err add_by_hand(struct tx *tx, struct roster_entry entry, int64_t now_us)
{
    struct roster_sealed sealed;
    struct rows r;
    int64_t import_number = 0;
    TRY(by_hand(tx, &entry, now_us, &import_number));
    int64_t first = import_number << ROSTER_PLACE_BITS;
    TRY(TX_OPEN(tx, &r, Q_ROSTER_NEXT_NUMBER, v_int(first), v_int((import_number + 1) << ROSTER_PLACE_BITS)));
    if (rows_next(&r))
        entry.number = col_int(&r, 0);
    TRY(rows_close_one(&r));
    if (entry.number <= first)
        entry.number = first + 1;
    roster_seal(store_ring(tx), &entry, tx->arena, &sealed);
    TRY(roster_add(tx, &entry, import_number, &sealed));
    return put_keys(tx, import_number, &sealed, entry.number);
}

enum err roster_put(struct tx *tx, const struct roster_entry *entry, int64_t now_us, bool dry, char *outcome)
{
    struct roster_entry old;
    enum err e = roster_by_student_no(tx, entry->session_id, entry->student_no, &old);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    bool is_new = e == ERR_NOT_FOUND;
    bool same = !is_new && old.digest == roster_digest(store_ring(tx), entry, tx->arena);
    *outcome = is_new ? 'a' : same ? 's' : old.student_id != NULL ? 'l' : 'c';
    if (dry || *outcome == 's' || *outcome == 'l')
        return ERR_NONE;
    return is_new ? add_by_hand(tx, *entry, now_us) : replace(tx, &old, *entry);
}
