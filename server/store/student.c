#include "store/student.h"

#include "base/check.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/store.h"

/* ---- sealed columns ---- */

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

/* ---- students ---- */

static enum err read_student(struct tx *tx, const struct rows *r, struct student *s)
{
    *s = (struct student){.id = col_text(r, 0),
                          .portrait_blob_id = col_text(r, 5),
                          .language = col_text(r, 6),
                          .wrong_links = col_int(r, 7),
                          .links_locked_until_us = col_int(r, 8),
                          .version = col_int(r, 9)};
    TRY(unseal(tx, "student", s->id, "openid", r, 1, &s->openid));
    if (s->openid != NULL && s->openid[0] == '\0')
        s->openid = NULL; /* came by another way than the mini program */
    TRY(unseal(tx, "student", s->id, "phone", r, 2, &s->phone));
    TRY(unseal(tx, "student", s->id, "name", r, 3, &s->name));
    return unseal(tx, "student", s->id, "id_number", r, 4, &s->id_number);
}

enum err student_get(struct tx *tx, const char *id, struct student *s)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_STUDENT_GET, v_text(id)));
    enum err e = rows_next(&r) ? read_student(tx, &r, s) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

enum err student_of_openid(struct tx *tx, const char *openid, const char *new_id, const char *language, int64_t now_us,
                           const char **id)
{
    RUNS_ON(ROLE_WRITER);
    size_t len = 0;
    const char *index = index_of(tx, "openid", openid);
    const void *sealed = seal(tx, "student", new_id, "openid", openid, &len);
    TRY(TX_RUN(tx, Q_STUDENT_ADD, v_text(new_id), v_text(index), v_bytes(sealed, len), v_text(language),
               v_int(now_us)));
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_STUDENT_BY_OPENID, v_text(index)));
    if (rows_next(&r))
        *id = col_text(&r, 0);
    return rows_close_one(&r);
}

enum err student_with_openid(struct tx *tx, const char *openid, const char **id)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_STUDENT_BY_OPENID, v_text(index_of(tx, "openid", openid))));
    if (rows_next(&r))
        *id = col_text(&r, 0);
    return rows_close_one(&r);
}

enum err student_add_without_openid(struct tx *tx, const char *id, const char *language, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    size_t len = 0;
    const void *sealed = seal(tx, "student", id, "openid", "", &len);
    return TX_RUN(tx, Q_STUDENT_ADD, v_text(id), v_text(index_of(tx, "no_openid", id)), v_bytes(sealed, len),
                  v_text(language), v_int(now_us));
}

enum err student_set_openid(struct tx *tx, const char *id, const char *openid)
{
    RUNS_ON(ROLE_WRITER);
    size_t len = 0;
    const void *sealed = seal(tx, "student", id, "openid", openid, &len);
    return TX_RUN(tx, Q_STUDENT_OPENID, v_text(index_of(tx, "openid", openid)), v_bytes(sealed, len), v_text(id));
}

enum err student_set_phone(struct tx *tx, const char *id, const char *phone)
{
    size_t len = 0;
    const void *sealed = seal(tx, "student", id, "phone", phone, &len);
    return TX_RUN(tx, Q_STUDENT_PHONE, v_bytes(sealed, len), v_text(index_of(tx, "phone", phone)), v_text(id));
}

enum err student_set_names(struct tx *tx, const char *id, const char *name, const char *id_number)
{
    size_t name_len = 0, number_len = 0;
    const void *sealed_name = seal(tx, "student", id, "name", name, &name_len);
    const void *sealed_number = seal(tx, "student", id, "id_number", id_number, &number_len);
    return TX_RUN(tx, Q_STUDENT_NAMES, v_bytes(sealed_name, name_len), v_bytes(sealed_number, number_len), v_text(id));
}

enum err student_set_portrait(struct tx *tx, const char *id, const char *blob_id)
{
    return TX_RUN(tx, Q_STUDENT_PORTRAIT, v_text(blob_id), v_text(id));
}

enum err student_forget_login(struct tx *tx, const char *id)
{
    size_t len = 0;
    const void *sealed = seal(tx, "student", id, "openid", "", &len);
    return TX_RUN(tx, Q_STUDENT_FORGET_LOGIN, v_text(arena_printf(tx->arena, "left|%s", id)), v_bytes(sealed, len),
                  v_text(id));
}

enum err student_set_language(struct tx *tx, const char *id, const char *language)
{
    return TX_RUN(tx, Q_STUDENT_LANGUAGE, v_text(language), v_text(id));
}
