/* run — plays scenario scripts over the real store and workflow with a fake clock. No network, no worker, no waiting.
 *
 *   scenario_run FILE.scn …       a line that does not end as it says is shown, and the script fails
 *
 * Language, one step a line; "#" comments. "-> …" says how it must end: a state name, or the name of an error.
 * Behind it may follow pairs: lane L · outbox kind,kind (rows added by this step; "none") · face F · paid 0|1 ·
 * attempts N · reasons a,b · missing a,b (left to give; "none") · due N (hours from handing in) · chsi S · photo B (the
 * object that is the finished photo).
 *
 *   session {policy JSON}                    one per script, first
 *   preset S0                                instead: a session with the rules of that preset
 *   student NAME [consents]                  default privacy,passing_on,face; a linked student with a draft
 *   staff NAME role[,role]                   reviewer identity senior
 *   gives NAME thing[,thing]                 what the rules may ask for: phone details notice code address follow
 *   photo NAME pass|warn|fail [insist]       a new attempt, ready and chosen
 *   NAME EVENT [word]                        a student's event: confirm, recall, …, proofread wrong
 *   server EVENT NAME [word [number]]        intake green · face_result match 310000 · expire · delivered …
 *   staff_does STAFF EVENT NAME [word]       reopen, printed, shipped TRACKING, retouch_done
 *   claim STAFF LANE WANT -> COUNT           claims kept by the runner
 *   decide STAFF EVENT NAME [reasons]        -> pending, or an error; takes effect by the clock
 *   undo STAFF NAME -> undone | undo_late
 *   repair STAFF NAME mask|photo -> NUMBER   a retoucher sends a file: the next version of the finished photo
 *   repaired NAME NUMBER OBJECT|refused      the worker's answer
 *   choose_version NAME NUMBER -> ok | refused | not_found
 *   vote STAFF same|different|unsure NAME    claims first when not claimed
 *   order NAME                               payment order -> created | refused
 *   pay NAME FEN TRANSACTION [ORDER-NUMBER]  the service says it was paid -> paid | an error
 *   pass 10s | 5m | 3h | 2d                  the clock moves, then everything due is swept
 *   is NAME STATE …                          only looks
 *   outbox_total NAME KIND COUNT             over the whole script
 *   verify                                   audit chain, lane counters, history path */
#include "tests/scenario/world.h"

/* ---- repairs: a = object or account, b = kind of repair; number 0 with b: a new one ---- */

static enum err repair_in_store(struct tx *tx, void *job)
{
    struct step_job *j = job;
    struct submission s;
    TRY(submission_get(tx, j->p->submission_id, &s));
    if (j->a == NULL)
        return retouch_choose(tx, s.attempt_id, j->number);
    const struct retouch_result made = {"pass", "{}", "{}", j->a};
    if (j->b == NULL)
        return text_is(j->a, "refused") ? retouch_refused(tx, s.attempt_id, j->number, "{}")
                                        : retouch_ready(tx, s.attempt_id, j->number, &made);
    const struct retouch r = {.attempt_id = s.attempt_id,
                              .repair = j->b,
                              .repair_blob_id = "repair",
                              .account_id = j->a,
                              .created_us = j->w->now_us};
    return retouch_add(tx, &r, &j->number);
}

static void repair_step(struct world *w, bool is_new)
{
    static char number[16];
    struct step_job j = {.w = w, .p = person(w, word(w, is_new ? 2 : 1)), .a = word(w, 3)};
    if (is_new) {
        j.a = person(w, word(w, 1))->id;
        j.b = word(w, 3);
    } else
        CHECK(word(w, 2) != NULL && text_int(word(w, 2), &j.number));
    enum err e = in_store(w, repair_in_store, &j);
    snprintf(number, sizeof number, "%" PRId64, j.number);
    w->got = e != ERR_NONE ? err_name(e) : is_new ? number : "ok";
}

/* ---- moves ---- */

static enum err do_move(struct tx *tx, void *job)
{
    struct step_job *j = job;
    struct submission after;
    TRY(transition_apply(tx, &j->move, &after));
    j->state = wf_state_name(after.state);
    return ERR_NONE;
}

static void moved(struct world *w, struct step_job *j)
{
    enum err e = in_store(w, do_move, j);
    w->got = e == ERR_NONE ? j->state : err_name(e);
}

static enum wf_event event_of(const char *name)
{
    enum wf_event event;
    if (name == NULL || !wf_event_named(name, &event)) {
        fprintf(stderr, "scenario: no event %s\n", name != NULL ? name : "(missing)");
        exit(2);
    }
    return event;
}

static const char *reasons_json(const char *list, char out[256])
{
    size_t len = (size_t)snprintf(out, 256, "[");
    while (list != NULL && *list != '\0') {
        size_t item = strcspn(list, ",");
        len += (size_t)snprintf(out + len, 256 - len, "%s\"%.*s\"", len > 1 ? "," : "", (int)item, list);
        list += item + (list[item] == ',');
    }
    snprintf(out + len, 256 - len, "]");
    return out;
}

static void student_event(struct world *w)
{
    struct person *p = person(w, word(w, 0));
    struct step_job j = {.w = w, .p = p};
    j.move = (struct move){.submission_id = p->submission_id,
                           .event = event_of(word(w, 1)),
                           .actor_kind = ACTOR_STUDENT,
                           .actor_id = p->id,
                           .now_us = w->now_us,
                           .proofread = word(w, 2)};
    moved(w, &j);
}

static void server_event(struct world *w)
{
    struct person *p = person(w, word(w, 2));
    struct step_job j = {.w = w, .p = p};
    char reasons[256];
    enum wf_event event = event_of(word(w, 1));
    j.move = (struct move){.submission_id = p->submission_id,
                           .event = event,
                           .actor_kind = ACTOR_SERVER,
                           .actor_id = "server",
                           .now_us = w->now_us,
                           .lane = word(w, 3)};
    if (event == EV_face_result) {
        CHECK(wf_face_named(word(w, 3), &j.move.face));
        CHECK(word(w, 4) != NULL && text_int(word(w, 4), &j.move.face_distance_e6));
    }
    if (event == EV_chsi_refused)
        j.move.reasons = reasons_json(word(w, 3), reasons);
    moved(w, &j);
}

static void staff_event(struct world *w)
{
    struct person *staff = person(w, word(w, 1)), *p = person(w, word(w, 3));
    struct step_job j = {.w = w, .p = p};
    j.move = (struct move){.submission_id = p->submission_id,
                           .event = event_of(word(w, 2)),
                           .actor_kind = ACTOR_STAFF,
                           .actor_id = staff->id,
                           .actor_is_senior = (staff->roles & ROLE_SENIOR) != 0,
                           .now_us = w->now_us,
                           .carrier = word(w, 4) != NULL ? "ems" : NULL,
                           .tracking_no = word(w, 4)};
    moved(w, &j);
}

/* ---- claims, decisions, votes ---- */

static enum err take_claims(struct tx *tx, void *job)
{
    return claim_take(tx, (struct claim *)job);
}

static int claim(struct world *w, struct person *staff, const char *lane, size_t want)
{
    static char ids[CLAIM_WANT_MAX][32];
    struct claim c = {.account_id = staff->id,
                      .lane = lane,
                      .now_us = w->now_us,
                      .lease_us = LEASE_US,
                      .want = want,
                      .held_max = CLAIM_WANT_MAX};
    for (size_t i = 0; i < want; i++) {
        crypt_id(w->now_us, ids[i]);
        c.claim_ids[i] = ids[i];
    }
    CHECK(in_store(w, take_claims, &c) == ERR_NONE);
    /* The unit's arena is still whole: nothing ran on the writer since. */
    for (size_t i = 0; i < c.taken; i++)
        for (size_t k = 0; k < w->count; k++)
            if (text_is(w->people[k].submission_id, c.items[i].id))
                snprintf(w->people[k].claim_id, sizeof w->people[k].claim_id, "%s", c.items[i].claim_id);
    return (int)c.taken;
}

struct decide_job {
    struct decision d;
    const char *claim_id, *account_id, *submission_id;
    bool senior;
    int64_t now_us;
};

static enum err add_decision(struct tx *tx, void *job)
{
    struct decide_job *j = job;
    return decision_add(tx, &j->d, j->claim_id, j->senior);
}

static enum err undo_decision(struct tx *tx, void *job)
{
    struct decide_job *j = job;
    return decision_undo(tx, j->d.id, j->account_id, j->now_us, LEASE_US, &j->submission_id);
}

static void decide(struct world *w)
{
    struct person *staff = person(w, word(w, 1)), *p = person(w, word(w, 3));
    char reasons[256];
    crypt_id(w->now_us, p->decision_id);
    struct decide_job j = {.claim_id = p->claim_id, .senior = (staff->roles & ROLE_SENIOR) != 0};
    j.d = (struct decision){.id = p->decision_id,
                            .submission_id = p->submission_id,
                            .event = event_of(word(w, 2)),
                            .reasons = reasons_json(word(w, 4), reasons),
                            .note = "",
                            .internal_note = "",
                            .account_id = staff->id,
                            .decided_us = w->now_us,
                            .commit_us = w->now_us + UNDO_US};
    enum err e = in_store(w, add_decision, &j);
    w->got = e == ERR_NONE ? "pending" : err_name(e);
}

static void undo(struct world *w)
{
    struct person *staff = person(w, word(w, 1)), *p = person(w, word(w, 2));
    struct decide_job j = {.d.id = p->decision_id, .account_id = staff->id, .now_us = w->now_us};
    enum err e = in_store(w, undo_decision, &j);
    w->got = e == ERR_NONE ? "undone" : err_name(e);
}

static void vote(struct world *w)
{
    static const char *const names[] = {"", "same", "different", "unsure"};
    struct person *staff = person(w, word(w, 1)), *p = person(w, word(w, 3));
    struct step_job j = {.w = w, .p = p};
    j.move = (struct move){.submission_id = p->submission_id,
                           .event = EV_identity_vote,
                           .actor_kind = ACTOR_STAFF,
                           .actor_id = staff->id,
                           .actor_is_senior = (staff->roles & ROLE_SENIOR) != 0,
                           .now_us = w->now_us};
    for (int i = 1; i < 4; i++)
        if (text_is(names[i], word(w, 2)))
            j.move.vote = (enum wf_vote)i;
    moved(w, &j);
}

/* ---- money ---- */

struct pay_job {
    struct person *p;
    const char *order, *transaction, *new_id;
    int64_t amount_fen, now_us;
    bool made;
};

static enum err start_payment(struct tx *tx, void *job)
{
    struct pay_job *j = job;
    struct payment payment;
    const struct payment_wish wish = {j->p->submission_id, "jsapi", j->new_id, j->now_us};
    TRY(payment_start(tx, &wish, &payment, &j->made));
    snprintf(j->p->order_ids[j->p->orders % 8], 32, "%s", payment.id);
    return ERR_NONE;
}

static enum err payment_comes(struct tx *tx, void *job)
{
    const struct pay_job *j = job;
    return payment_succeeded(tx, &(struct payment_fact){j->order, j->transaction, j->amount_fen, 0, j->now_us});
}

static void order(struct world *w)
{
    char id[32];
    struct pay_job j = {.p = person(w, word(w, 1)), .new_id = id, .now_us = w->now_us};
    crypt_id(w->now_us, id);
    enum err e = in_store(w, start_payment, &j);
    if (e == ERR_NONE)
        j.p->orders++;
    w->got = e == ERR_NONE ? j.made ? "created" : "again" : err_name(e);
}

static void pay(struct world *w)
{
    struct pay_job j = {.p = person(w, word(w, 1)), .transaction = word(w, 3), .now_us = w->now_us};
    int64_t which = j.p->orders;
    CHECK(word(w, 2) != NULL && text_int(word(w, 2), &j.amount_fen));
    if (word(w, 4) != NULL)
        CHECK(text_int(word(w, 4), &which));
    CHECK(which >= 1 && which <= 8);
    j.order = j.p->order_ids[which - 1];
    enum err e = in_store(w, payment_comes, &j);
    w->got = e == ERR_NONE ? "paid" : err_name(e);
}

/* ---- time ---- */

static void pass(struct world *w)
{
    char *end = NULL;
    const char *text = word(w, 1);
    CHECK(text != NULL);
    int64_t amount = strtol(text, &end, 10);
    int64_t unit_s = *end == 'd' ? 86400 : *end == 'h' ? 3600 : *end == 'm' ? 60 : 1;
    w->now_us += SECONDS_US(amount * unit_s);
    clock_fake_set(w->now_us);
    static struct sweep sweep;
    do {
        sweep.now_us = w->now_us;
        CHECK(in_store(w, sweep_run, &sweep) == ERR_NONE);
    } while (sweep.more);
}

/* ---- looking ---- */

struct look {
    struct world *w;
    struct person *p;
    const char *kind; /* outbox_total */
    int64_t count;
    char kinds[256], state[32], lane[32], face[16], chsi[32], reasons[256], photo[64], missing[256];
    int64_t paid, attempts, due_hours;
};

static enum err photo_of(struct tx *tx, const struct submission *s, char photo[64])
{
    struct attempt a = {.standard_blob_id = NULL};
    if (s->attempt_id != NULL)
        TRY(attempt_get(tx, s->attempt_id, &a));
    snprintf(photo, 64, "%s", a.standard_blob_id != NULL ? a.standard_blob_id : "none");
    return ERR_NONE;
}

/* What is left to give, as a JSON array. */
static enum err missing_of(struct tx *tx, const struct submission *s, char out[256])
{
    struct capture_session session;
    struct hand_in h;
    struct buf b;
    TRY(session_get(tx, s->session_id, &session));
    TRY(hand_in_read(tx, s, &session, &h));
    buf_init(&b, 255);
    hand_in_write_missing(&h, &b);
    snprintf(out, 256, "%s", buf_cstr(&b));
    buf_release(&b);
    return ERR_NONE;
}

static enum err look_at(struct tx *tx, void *job)
{
    struct look *l = job;
    struct rows r;
    l->kinds[0] = '\0';
    l->count = 0;
    struct submission s;
    TRY(submission_get(tx, l->p->submission_id, &s));
    snprintf(l->state, sizeof l->state, "%s", wf_state_name(s.state));
    snprintf(l->lane, sizeof l->lane, "%s", s.lane[0] != '\0' ? s.lane : "none");
    snprintf(l->face, sizeof l->face, "%s", wf_face_name(s.face));
    snprintf(l->chsi, sizeof l->chsi, "%s", s.chsi_status);
    snprintf(l->reasons, sizeof l->reasons, "%s", s.reasons);
    l->paid = s.paid;
    l->attempts = s.attempts_used;
    l->due_hours = (s.due_us - s.submitted_us) / SECONDS_US(3600);
    TRY(missing_of(tx, &s, l->missing));
    TRY(photo_of(tx, &s, l->photo));
    TRY(TX_OPEN(tx, &r, Q_OUTBOX_OF_SUBMISSION, v_text(s.id), v_int(1000)));
    while (rows_next(&r)) {
        const char *kind = col_text(&r, 1);
        l->count += l->kind != NULL && text_is(kind, l->kind);
        size_t len = strlen(l->kinds);
        if (col_int(&r, 6) == l->w->now_us) /* of this step */
            snprintf(l->kinds + len, sizeof l->kinds - len, "%s%s", len > 0 ? "," : "", kind);
    }
    return rows_close(&r);
}

static struct person *subject(struct world *w)
{
    for (int i = 0; i < w->word_count; i++)
        for (size_t k = 0; k < w->count; k++)
            if (text_is(w->people[k].name, w->words[i]) && w->people[k].roles == 0)
                return &w->people[k];
    return NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Comma lists as sets. */
static bool same_set(const char *a, const char *b)
{
    char texts[2][256], *items[2][16];
    int counts[2] = {0, 0};
    snprintf(texts[0], 256, "%s", a);
    snprintf(texts[1], 256, "%s", b);
    for (int t = 0; t < 2; t++) {
        char *save = NULL;
        for (char *item = strtok_r(texts[t], ",", &save); item != NULL && counts[t] < 16;
             item = strtok_r(NULL, ",", &save))
            items[t][counts[t]++] = item;
        qsort(items[t], (size_t)counts[t], sizeof(char *), by_text);
    }
    for (int i = 0; counts[0] == counts[1] && i < counts[0]; i++)
        if (!text_is(items[0][i], items[1][i]))
            return false;
    return counts[0] == counts[1];
}

static bool property_holds(struct world *w, const struct look *l, const char *name, const char *want)
{
    char number[32];
    const char *got = "";
    char reasons[256];
    if (text_is(name, "lane"))
        got = l->lane;
    else if (text_is(name, "face"))
        got = l->face;
    else if (text_is(name, "chsi"))
        got = l->chsi;
    else if (text_is(name, "photo"))
        got = l->photo;
    else if (text_is(name, "outbox")) {
        got = l->kinds[0] != '\0' ? l->kinds : "none";
        if (same_set(got, want))
            return true;
    } else if (text_is(name, "reasons")) {
        got = l->reasons;
        want = reasons_json(want, reasons);
    } else if (text_is(name, "missing")) {
        got = l->missing;
        want = reasons_json(text_is(want, "none") ? NULL : want, reasons);
    } else if (text_is(name, "paid") || text_is(name, "attempts") || text_is(name, "due")) {
        snprintf(number, sizeof number, "%" PRId64,
                 name[0] == 'p'   ? l->paid
                 : name[0] == 'a' ? l->attempts
                                  : l->due_hours);
        got = number;
    }
    if (text_is(got, want))
        return true;
    snprintf(w->detail, sizeof w->detail, "%s is %s", name, got);
    return false;
}

static bool verify_lanes(struct tx *tx)
{
    struct lane_count lanes[LANES_MAX];
    size_t count = 0;
    if (lane_counts(tx, lanes, &count) != ERR_NONE)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct rows r;
        int64_t found = 0;
        if (TX_OPEN(tx, &r, Q_CLAIM_FIND, v_text(lanes[i].lane), v_int(INT64_MAX), v_int(0), v_text(""), v_int(1000)) !=
            ERR_NONE)
            return false;
        while (rows_next(&r))
            found++;
        if (rows_close(&r) != ERR_NONE || found != lanes[i].waiting)
            return false;
    }
    return true;
}

static enum err verify_all(struct tx *tx, void *job)
{
    int64_t rows = 0, bad = 0;
    (void)job;
    TRY(audit_verify(tx, &rows, &bad));
    return verify_lanes(tx) ? ERR_NONE : ERR_CORRUPT;
}

/* ---- a line ---- */

static void plain(struct world *w, store_step *step, struct step_job *j)
{
    enum err e = in_store(w, step, j);
    w->got = e == ERR_NONE ? "ok" : err_name(e);
}

static void make(struct world *w, const char *verb, const char *rest)
{
    struct step_job j = {.w = w};
    if (text_is(verb, "session") || text_is(verb, "preset")) {
        crypt_id(w->now_us, w->session_id);
        j.a = text_is(verb, "session") ? rest : preset_json(word(w, 1));
        plain(w, make_session, &j);
    } else if (text_is(verb, "student")) {
        j.p = person_new(w, word(w, 1));
        j.a = word(w, 2) != NULL ? word(w, 2) : "privacy,passing_on,face";
        plain(w, make_student, &j);
    } else if (text_is(verb, "staff")) {
        j.p = person_new(w, word(w, 1));
        j.p->roles = roles_of(word(w, 2));
        plain(w, make_staff, &j);
    } else if (text_is(verb, "gives")) {
        j.p = person(w, word(w, 1));
        j.a = word(w, 2) != NULL ? word(w, 2) : "";
        plain(w, give_thing, &j);
    } else {
        j.p = person(w, word(w, 1));
        j.a = word(w, 2);
        j.b = word(w, 3);
        plain(w, take_photo, &j);
    }
}

static void run_step(struct world *w, const char *rest)
{
    static char number[16];
    const char *verb = w->words[0];
    w->got = "ok";
    static const char *const makes[] = {"session", "preset", "student", "staff", "photo", "gives"};
    bool is_making = false;
    for (size_t i = 0; i < countof(makes); i++)
        is_making |= text_is(verb, makes[i]);
    if (is_making)
        make(w, verb, rest);
    else if (text_is(verb, "server"))
        server_event(w);
    else if (text_is(verb, "staff_does"))
        staff_event(w);
    else if (text_is(verb, "repair") || text_is(verb, "repaired") || text_is(verb, "choose_version"))
        repair_step(w, text_is(verb, "repair"));
    else if (text_is(verb, "claim")) {
        int64_t want = 1;
        CHECK(word(w, 3) != NULL && text_int(word(w, 3), &want));
        snprintf(number, sizeof number, "%d", claim(w, person(w, word(w, 1)), word(w, 2), (size_t)want));
        w->got = number;
    } else if (text_is(verb, "decide"))
        decide(w);
    else if (text_is(verb, "undo"))
        undo(w);
    else if (text_is(verb, "vote"))
        vote(w);
    else if (text_is(verb, "order"))
        order(w);
    else if (text_is(verb, "pay"))
        pay(w);
    else if (text_is(verb, "pass"))
        pass(w);
    else if (text_is(verb, "verify"))
        w->got = err_name(in_store(w, verify_all, NULL));
    else if (!text_is(verb, "is") && !text_is(verb, "outbox_total"))
        student_event(w);
}

static bool check_outcome(struct world *w)
{
    const char *verb = w->words[0];
    struct look l = {.w = w, .p = subject(w)};
    if (text_is(verb, "outbox_total"))
        l.kind = word(w, 2);
    if (l.p != NULL)
        CHECK(in_store(w, look_at, &l) == ERR_NONE);
    if (text_is(verb, "outbox_total")) {
        snprintf(w->detail, sizeof w->detail, "there are %" PRId64, l.count);
        return word(w, 3) != NULL && strtol(word(w, 3), NULL, 10) == l.count;
    }
    int at = w->expected_at;
    const char *want = at > 0                    ? word(w, at)
                       : text_is(verb, "verify") ? "none"
                       : text_is(verb, "is")     ? word(w, 2)
                                                 : "ok";
    if (text_is(verb, "is")) {
        w->got = l.state;
        at = 2;
    }
    /* Steps without "->" that move must still succeed: "ok" stands for any state. */
    bool moved_fine = at == 0 && l.p != NULL && text_is(w->got, l.state);
    if (!text_is(want, w->got) && !moved_fine) {
        snprintf(w->detail, sizeof w->detail, "got %s", w->got);
        return false;
    }
    for (int i = at + 1; at > 0 && i + 1 < w->word_count; i += 2)
        if (!property_holds(w, &l, w->words[i], w->words[i + 1]))
            return false;
    return true;
}

static bool run_line(struct world *w, char *line)
{
    static char kept[4096];
    char *save = NULL;
    snprintf(kept, sizeof kept, "%s", line);
    char *rest = kept + strcspn(kept, " ");
    while (*rest == ' ')
        rest++;
    w->word_count = w->expected_at = 0;
    for (char *item = strtok_r(line, " \t", &save); item != NULL && w->word_count < WORDS_MAX - 1;
         item = strtok_r(NULL, " \t", &save)) {
        if (text_is(item, "->"))
            w->expected_at = w->word_count;
        else
            w->words[w->word_count++] = item;
    }
    w->now_us++; /* no two steps at the same instant */
    clock_fake_set(w->now_us);
    int all = w->word_count;
    if (w->expected_at > 0)
        w->word_count = w->expected_at; /* the step does not see what is expected of it */
    run_step(w, rest);
    w->word_count = all;
    return check_outcome(w);
}

static bool run_file(const char *path)
{
    static char line[4096];
    struct world w = {.now_us = START_US};
    bool good = true;
    int number = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        printf("%s: cannot be read\n", path);
        return false;
    }
    clock_fake_set(w.now_us);
    temp_store_open(&w.t, NULL, NULL);
    while (good && fgets(line, sizeof line, file) != NULL) {
        char shown[4096];
        number++;
        line[strcspn(line, "\n")] = '\0';
        snprintf(shown, sizeof shown, "%s", line);
        char *text = line + strspn(line, " \t");
        if (*text == '\0' || *text == '#')
            continue;
        w.detail[0] = '\0';
        good = run_line(&w, text);
        if (!good)
            printf("%s:%d: %s\n    %s\n", path, number, shown, w.detail);
    }
    if (good && in_store(&w, verify_all, NULL) != ERR_NONE) {
        printf("%s: audit chain or lane counters do not fit at the end\n", path);
        good = false;
    }
    fclose(file);
    temp_store_close(&w.t);
    return good;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    crypt_start();
    for (int i = 1; i < argc; i++) {
        bool good = run_file(argv[i]);
        passed += good;
        failed += !good;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
