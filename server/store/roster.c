#include "store/roster.h"

#include "base/check.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/store.h"
#include "store/student.h"

static const void *seal(struct tx *tx, const char *table, const char *id, const char *column, const char *plain,
                        size_t *len)
{
    const char *about = arena_printf(tx->arena, "%s|%s|%s", table, id, column);
    return keyring_seal(store_ring(tx), KEYRING_COLUMN, plain, strlen(plain), about, tx->arena, len);
}

static enum err unseal(struct tx *tx, const char *table, const char *id, const char *column, const struct rows *r,
                       int at, const char **plain)
{
    size_t sealed_len = 0, len = 0;
    char *text = NULL;
    const void *sealed = col_bytes(r, at, &sealed_len);
    *plain = NULL;
    if (sealed == NULL)
        return ERR_NONE;
    const char *about = arena_printf(tx->arena, "%s|%s|%s", table, id, column);
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len, about, tx->arena, &text, &len));
    *plain = text;
    return ERR_NONE;
}

static const char *index_of(struct tx *tx, const char *field, const char *value)
{
    char *hex = arena_alloc(tx->arena, KEYRING_INDEX_TEXT_BYTES);
    keyring_index(store_ring(tx), field, value, hex);
    return hex;
}

static enum err read_roster(struct tx *tx, const struct rows *r, struct roster_entry *entry)
{
    *entry = (struct roster_entry){.id = col_text(r, 0),
                                   .student_no = col_text(r, 1),
                                   .college = col_text(r, 4),
                                   .major = col_text(r, 5),
                                   .class_name = col_text(r, 6),
                                   .session_id = col_text(r, 7),
                                   .student_id = col_text(r, 8)};
    TRY(unseal(tx, "roster", entry->id, "name", r, 2, &entry->name));
    return unseal(tx, "roster", entry->id, "id_number", r, 3, &entry->id_number);
}

static enum err find_roster(struct tx *tx, size_t query, const char *first, const char *second,
                            struct roster_entry *entry)
{
    struct rows r;
    if (second != NULL)
        TRY(TX_OPEN(tx, &r, query, v_text(first), v_text(second)));
    else
        TRY(TX_OPEN(tx, &r, query, v_text(first)));
    enum err e = rows_next(&r) ? read_roster(tx, &r, entry) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

enum err roster_get(struct tx *tx, const char *id, struct roster_entry *entry)
{
    return find_roster(tx, Q_ROSTER_GET, id, NULL, entry);
}

enum err roster_by_student_no(struct tx *tx, const char *session_id, const char *student_no, struct roster_entry *entry)
{
    return find_roster(tx, Q_ROSTER_BY_STUDENT_NO, session_id, student_no, entry);
}

static const char *number_index(struct tx *tx, const char *student_no, const char *last_four)
{
    return index_of(tx, "number", arena_printf(tx->arena, "%s|%s", student_no, last_four));
}

static const char *person_index(struct tx *tx, const char *name, const char *id_number)
{
    return index_of(tx, "person", arena_printf(tx->arena, "%s|%s", name, id_number));
}

static const char *last_four_of(const char *normal)
{
    size_t len = strlen(normal);
    return len > 4 ? normal + len - 4 : normal;
}

enum err roster_by_number(struct tx *tx, const char *session_id, const char *student_no, const char *last_four,
                          struct roster_entry *entry)
{
    char normal[ID_NUMBER_BYTES];
    if (!id_number_normal(last_four, normal) || strlen(normal) != 4)
        return ERR_NOT_FOUND;
    return find_roster(tx, Q_ROSTER_BY_NUMBER, number_index(tx, student_no, normal), session_id, entry);
}

enum err roster_by_person(struct tx *tx, const char *session_id, const char *name, const char *id_number,
                          struct roster_entry *entry)
{
    char normal[ID_NUMBER_BYTES];
    if (!id_number_normal(id_number, normal))
        return ERR_NOT_FOUND;
    return find_roster(tx, Q_ROSTER_BY_PERSON, person_index(tx, name, normal), session_id, entry);
}

enum err roster_link(struct tx *tx, const struct roster_entry *entry, const char *student_id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_ROSTER_LINK, v_text(student_id), v_int(now_us), v_text(entry->id)));
    if (changed == 0 && !text_is(entry->student_id, student_id))
        return ERR_CONFLICT;
    return student_set_names(tx, student_id, entry->name, entry->id_number);
}

static bool same_entry(const struct roster_entry *a, const struct roster_entry *b)
{
    return text_is(a->name, b->name) && text_is(a->id_number, b->id_number) && text_is(a->college, b->college) &&
           text_is(a->major, b->major) && text_is(a->class_name, b->class_name);
}

enum err roster_put(struct tx *tx, const struct roster_entry *entry, int64_t now_us, bool dry, char *outcome)
{
    struct roster_entry old;
    enum err e = roster_by_student_no(tx, entry->session_id, entry->student_no, &old);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    *outcome = e == ERR_NOT_FOUND ? 'a' : same_entry(&old, entry) ? 's' : old.student_id != NULL ? 'l' : 'c';
    if (dry || *outcome == 's' || *outcome == 'l')
        return ERR_NONE;
    size_t name_len = 0, number_len = 0;
    const char *id = *outcome == 'c' ? old.id : entry->id; /* sealed values are bound to their row */
    const void *name = seal(tx, "roster", id, "name", entry->name, &name_len);
    const void *number = seal(tx, "roster", id, "id_number", entry->id_number, &number_len);
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_ROSTER_PUT, v_text(id), v_text(entry->session_id), v_text(entry->student_no),
                v_bytes(name, name_len), v_bytes(number, number_len),
                v_text(number_index(tx, entry->student_no, last_four_of(entry->id_number))),
                v_text(person_index(tx, entry->name, entry->id_number)), v_text(entry->college), v_text(entry->major),
                v_text(entry->class_name), v_int(now_us)));
    rows_next(&r);
    return rows_close(&r);
}
