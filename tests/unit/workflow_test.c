/* links: xy_workflow */
/* The table as a whole: total, reachable, nothing shadowed, nothing left over, every effect has its executor. What the
 * rows mean is tested by the scenarios; here it is their shape. Runs in the root of the repository. */
#include "workflow/workflow.c"

#include "base/arena.h"
#include "tests/check.h"

#include <glob.h>

#define FACTS_TRIED 200000

/* A generator of our own: the same facts in every run. */
static uint64_t seed = 20260601;
static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}
static bool coin(void)
{
    return next_random() >> 40 & 1;
}
static int64_t small(int64_t count)
{
    return (int64_t)(next_random() >> 33) % count;
}

static void random_facts(struct wf_facts *f)
{
    *f = (struct wf_facts){.attempt_ready = coin(),
                           .code_given = coin(),
                           .details_given = coin(),
                           .consented = coin(),
                           .phone_given = coin(),
                           .account_followed = coin(),
                           .notice_given = coin(),
                           .address_given = coin(),
                           .session_open = coin(),
                           .price_fen = small(2) * 3000,
                           .paid = coin(),
                           .claimed = coin(),
                           .reviewed = coin(),
                           .attempts_used = small(4),
                           .attempts_max = small(4),
                           .face = (enum wf_face)small(5),
                           .rejected_by_face = coin(),
                           .actor_is_senior = coin(),
                           .vote = (enum wf_vote)small(4),
                           .votes_same = small(3),
                           .votes_different = small(3),
                           .eyes_needed = 1 + small(2),
                           .confirm_wanted = coin(),
                           .chsi_wanted = coin(),
                           .print_wanted = coin(),
                           .mail_wanted = coin(),
                           .handed_over = coin(),
                           .retake_in_time = coin()};
}

TEST(decide_is_total_and_takes_the_first_row)
{
    struct wf_facts facts;
    for (int round = 0; round < 300; round++) {
        random_facts(&facts);
        uint64_t holding = wf_guards_true(&facts);
        for (int state = 0; state < WF_STATE_COUNT; state++)
            for (int event = 0; event < EV_COUNT; event++) {
                const struct wf_row *want = NULL;
                for (size_t i = countof(table); i-- > 0;)
                    if ((int)table[i].from == state && (int)table[i].event == event &&
                        (table[i].guards & holding) == table[i].guards)
                        want = &table[i];
                TRUE(wf_decide((enum wf_state)state, (enum wf_event)event, &facts) == want);
            }
    }
}

TEST(no_row_stands_behind_one_that_asks_for_less)
{
    for (size_t j = 0; j < countof(table); j++)
        for (size_t i = 0; i < j; i++)
            if (table[i].from == table[j].from && table[i].event == table[j].event &&
                (table[i].guards & ~table[j].guards) == 0)
                TEST_FAIL("row %zu (%s, %s) is shadowed by row %zu", j, wf_state_name(table[j].from),
                          wf_event_name(table[j].event), i);
}

TEST(every_row_is_taken_by_some_facts)
{
    bool taken[countof(table)] = {false};
    struct wf_facts facts;
    for (int i = 0; i < FACTS_TRIED; i++) {
        random_facts(&facts);
        size_t which = (size_t)i % countof(table);
        const struct wf_row *row = wf_decide(table[which].from, table[which].event, &facts);
        if (row != NULL)
            taken[row - table] = true;
    }
    for (size_t i = 0; i < countof(table); i++)
        if (!taken[i])
            TEST_FAIL("row %zu (%s, %s → %s) is never taken: its guards contradict each other or earlier rows leave it "
                      "nothing",
                      i, wf_state_name(table[i].from), wf_event_name(table[i].event), wf_state_name(table[i].to));
}

static void mark_reachable(enum wf_state from, bool reached[WF_STATE_COUNT])
{
    if (reached[from])
        return;
    reached[from] = true;
    for (size_t i = 0; i < countof(table); i++)
        if (table[i].from == from)
            mark_reachable(table[i].to, reached);
}

TEST(every_state_is_reached_from_draft_and_reaches_an_end)
{
    bool reached[WF_STATE_COUNT] = {false};
    mark_reachable(WF_draft, reached);
    for (int state = 0; state < WF_STATE_COUNT; state++) {
        bool onward[WF_STATE_COUNT] = {false};
        if (!reached[state])
            TEST_FAIL("%s is not reached from draft", wf_state_name((enum wf_state)state));
        mark_reachable((enum wf_state)state, onward);
        if (!onward[WF_completed] || !onward[WF_closed])
            TEST_FAIL("%s does not reach both ends", wf_state_name((enum wf_state)state));
    }
}

TEST(ends_have_only_their_listed_exits)
{
    for (size_t i = 0; i < countof(table); i++) {
        const struct wf_row *row = &table[i];
        if (!wf_state_is_end(row->from))
            continue;
        bool stays = row->to == row->from && row->lane == LANE_KEEP;
        bool listed = row->from == WF_completed
                          ? row->event == EV_proofread
                          : row->event == EV_pay_succeeded || row->event == EV_refunded || row->event == EV_purge;
        bool reopened =
            row->event == EV_reopen && row->to == WF_human_review && (row->guards & GUARD(actor_is_senior)) != 0;
        bool forgotten = row->event == EV_purge && row->to == WF_closed;
        if (!(stays && listed) && !reopened && !forgotten)
            TEST_FAIL("%s leaves its end by %s", wf_state_name(row->from), wf_event_name(row->event));
    }
}

TEST(the_machine_alone_never_fails_a_student)
{
    for (size_t i = 0; i < countof(table); i++)
        if (table[i].event == EV_face_result)
            TRUE(table[i].to != WF_retake && table[i].to != WF_closed);
}

TEST(somebody_looks_where_people_are_needed)
{
    for (size_t i = 0; i < countof(table); i++) {
        const struct wf_row *row = &table[i];
        bool by_people = row->to == WF_human_review || row->to == WF_retouch;
        bool waits = by_people || row->to == WF_face_comparison;
        if (row->from != row->to && by_people)
            TRUE(row->lane != LANE_NONE && row->lane != LANE_KEEP);
        if (!waits)
            TRUE(row->lane == LANE_NONE || (row->lane == LANE_KEEP && row->from == row->to));
    }
}

TEST(the_student_is_told_of_what_matters_to_them)
{
    static const enum wf_state matters[] = {WF_submitted, WF_student_confirm, WF_chsi_upload, WF_printing,
                                            WF_mailing,   WF_retake,          WF_completed,   WF_closed};
    for (size_t i = 0; i < countof(table); i++)
        for (size_t k = 0; k < countof(matters); k++)
            if (table[i].to == matters[k] && table[i].from != table[i].to && table[i].event != EV_purge &&
                (table[i].effects & EFFECT(notify)) == 0) /* purge: what could be told is being erased */
                TEST_FAIL("%s → %s by %s tells nobody", wf_state_name(table[i].from), wf_state_name(table[i].to),
                          wf_event_name(table[i].event));
}

/* Written from product.md §2, not from the table. */
TEST(who_causes_what)
{
    static const struct {
        const char *who, *events;
    } want[] = {
        {"student", " confirm recall withdraw accept object appeal proofread "},
        {"staff", " approve reject_retry reject_final escalate retouch retouch_done identity_vote printed "
                  "shipped reopen "},
        {"server", " pay_succeeded intake face_result expire confirm_timeout hand_over chsi_accepted "
                   "chsi_refused delivered refunded purge "},
    };
    for (int event = 0; event < EV_COUNT; event++) {
        char padded[64];
        const char *who = whos[wf_event_who((enum wf_event)event)];
        snprintf(padded, sizeof padded, " %s ", wf_event_name((enum wf_event)event));
        for (size_t i = 0; i < countof(want); i++)
            if ((strcmp(want[i].who, who) == 0) != (strstr(want[i].events, padded) != NULL))
                TEST_FAIL("%s by %s", padded, who);
    }
}

static void check_names(size_t count, const char *(*name_of)(size_t), const char *what)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = name_of(i);
        if (strspn(name, "abcdefghijklmnopqrstuvwxyz_") != strlen(name) || strlen(name) > 32)
            TEST_FAIL("%s is no name of a %s", name, what);
        for (size_t k = 0; k < i; k++)
            if (strcmp(name, name_of(k)) == 0)
                TEST_FAIL("two %ss are called %s", what, name);
    }
}

static const char *state_at(size_t i)
{
    return wf_state_name((enum wf_state)i);
}
static const char *event_at(size_t i)
{
    return wf_event_name((enum wf_event)i);
}

TEST(names_are_unique_and_found_again)
{
    check_names(WF_STATE_COUNT, state_at, "state");
    check_names(EV_COUNT, event_at, "event");
    check_names(WF_GUARD_COUNT, wf_guard_name, "guard");
    check_names(WF_EFFECT_COUNT, wf_effect_name, "effect");
    for (size_t i = 0; i < WF_STATE_COUNT; i++) {
        enum wf_state state = WF_STATE_COUNT;
        TRUE(wf_state_named(state_at(i), &state));
        EQ_INT(i, state);
    }
    for (size_t i = 0; i < EV_COUNT; i++) {
        enum wf_event event = EV_COUNT;
        TRUE(wf_event_named(event_at(i), &event));
        EQ_INT(i, event);
    }
    enum wf_state state;
    enum wf_event event;
    TRUE(!wf_state_named("", &state) && !wf_event_named("approved", &event));
}

TEST(nothing_is_declared_that_no_row_uses)
{
    uint64_t event_set = 0, guard_set = 0, effect_set = 0;
    for (size_t i = 0; i < countof(table); i++) {
        event_set |= UINT64_C(1) << table[i].event;
        guard_set |= table[i].guards;
        effect_set |= table[i].effects;
    }
    EQ_INT((UINT64_C(1) << EV_COUNT) - 1, event_set);
    EQ_INT((UINT64_C(1) << WF_GUARD_COUNT) - 1, guard_set);
    EQ_INT((UINT64_C(1) << WF_EFFECT_COUNT) - 1, effect_set);
}

static void read_file(const char *path, struct buf *into)
{
    char chunk[4096];
    size_t len;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        TEST_FAIL("%s cannot be opened", path);
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_add(into, chunk, len);
    fclose(file);
    TRUE(!into->over);
}

/* Executors are rows {"kind", function, parallel} of `static const struct executor …[]` in dispatch: workflow may not
 * include dispatch, so the sources are read. */
TEST(every_effect_has_an_executor)
{
    struct buf sources;
    glob_t found;
    char row[64];
    buf_init(&sources, MIB(4));
    EQ_INT(0, glob("server/dispatch/*.c", 0, NULL, &found));
    for (size_t i = 0; i < found.gl_pathc; i++)
        read_file(found.gl_pathv[i], &sources);
    globfree(&found);
    for (size_t bit = 0; bit < WF_EFFECT_COUNT; bit++) {
        snprintf(row, sizeof row, "{\"%s\", ", wf_effect_name(bit));
        if (strstr(buf_cstr(&sources), row) == NULL)
            TEST_FAIL("no executor takes the effect %s", wf_effect_name(bit));
    }
    buf_release(&sources);
}

TEST(json_holds_the_whole_table)
{
    struct buf b;
    struct arena *arena = arena_new(MIB(4));
    const struct json *tree;
    buf_init(&b, MIB(1));
    wf_write_json(&b);
    TRUE(!b.over);
    EQ_INT(ERR_NONE, json_read(b.bytes, b.len, arena, &tree));
    EQ_INT(WF_STATE_COUNT, json_count(json_at(tree, "states")));
    EQ_INT(EV_COUNT, json_count(json_at(tree, "events")));
    EQ_INT(countof(table), json_count(json_at(tree, "rows")));
    size_t i = 0;
    for (const struct json *row = json_at(tree, "rows")->first; row != NULL; row = row->next, i++) {
        EQ_TEXT(wf_state_name(table[i].from), json_text_at(row, "from", NULL));
        EQ_TEXT(wf_event_name(table[i].event), json_text_at(row, "event", NULL));
        EQ_TEXT(wf_state_name(table[i].to), json_text_at(row, "to", NULL));
    }
    arena_free(arena);
    buf_release(&b);
}

TEST(diagram_shows_every_move_between_states)
{
    struct buf b;
    char arrow[80];
    buf_init(&b, MIB(1));
    wf_write_mermaid(&b);
    for (size_t i = 0; i < countof(table); i++) {
        if (table[i].from == table[i].to)
            continue;
        snprintf(arrow, sizeof arrow, "    %s --> %s: ", wf_state_name(table[i].from), wf_state_name(table[i].to));
        const char *line = strstr(buf_cstr(&b), arrow);
        TRUE(line != NULL);
        const char *event = strstr(line, wf_event_name(table[i].event));
        TRUE(event != NULL && event < strchr(line, '\n'));
    }
    buf_release(&b);
}

int main(void)
{
    return tests_run();
}
