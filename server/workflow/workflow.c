#include "workflow/workflow.h"

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"

#define GUARD(name)  (UINT64_C(1) << WF_GUARD_BIT_##name)
#define EFFECT(name) (UINT64_C(1) << WF_EFFECT_BIT_##name)

static const struct wf_row table[] = {
#define ROW(from, event, guards, to, lane, effects) {WF_##from, EV_##event, (guards), WF_##to, LANE_##lane, (effects)},
#include "workflow/workflow.def"
#undef ROW
};

struct label {
    const char *name, *en, *zh, *student_en, *student_zh;
};
static const struct label states[] = {
#define S(name, en, zh, student_en, student_zh) {#name, en, zh, student_en, student_zh},
    WORKFLOW_STATES(S)
#undef S
};
static const struct label events[] = {
#define E(name, en, zh, who) {#name, en, zh, NULL, NULL},
    WORKFLOW_EVENTS(E)
#undef E
};
static const enum wf_who event_who[] = {
#define E(name, en, zh, who) WF_WHO_##who,
    WORKFLOW_EVENTS(E)
#undef E
};
static const char *const guards[] = {
#define G(name, condition) #name,
    WORKFLOW_GUARDS(G)
#undef G
};
static const struct label effects[] = {
#define X(name, what) {#name, what, NULL, NULL, NULL},
    WORKFLOW_EFFECTS(X)
#undef X
};
static const char *const lane_moves[] = {"keep", "none", "by_report", "identity", "senior", "retouch"};
static const char *const faces[] = {"pending", "match", "grey", "mismatch", "none"};
static const char *const whos[] = {"student", "staff", "server"};

_Static_assert((int)WF_GUARD_COUNT <= 64 && (int)WF_EFFECT_COUNT <= 64, "sets are 64-bit words");

uint64_t wf_guards_true(const struct wf_facts *f)
{
    uint64_t set = 0;
#define G(name, condition)                                                                                             \
    if (condition)                                                                                                     \
        set |= GUARD(name);
    WORKFLOW_GUARDS(G)
#undef G
    return set;
}

const struct wf_row *wf_decide(enum wf_state state, enum wf_event event, const struct wf_facts *facts)
{
    uint64_t holding = wf_guards_true(facts);
    for (size_t i = 0; i < countof(table); i++)
        if (table[i].from == state && table[i].event == event && (table[i].guards & ~holding) == 0)
            return &table[i];
    return NULL;
}

const struct wf_row *wf_rows(size_t *count)
{
    *count = countof(table);
    return table;
}

const char *wf_state_name(enum wf_state state)
{
    CHECK(state >= 0 && state < WF_STATE_COUNT);
    return states[state].name;
}

const char *wf_event_name(enum wf_event event)
{
    CHECK(event >= 0 && event < EV_COUNT);
    return events[event].name;
}

const char *wf_guard_name(size_t bit)
{
    CHECK(bit < WF_GUARD_COUNT);
    return guards[bit];
}

const char *wf_effect_name(size_t bit)
{
    CHECK(bit < WF_EFFECT_COUNT);
    return effects[bit].name;
}

static const char *lane_move_name(enum wf_lane_move lane)
{
    CHECK((size_t)lane < countof(lane_moves));
    return lane_moves[lane];
}

const char *wf_face_name(enum wf_face face)
{
    CHECK((size_t)face < countof(faces));
    return faces[face];
}

bool wf_state_named(const char *name, enum wf_state *state)
{
    for (size_t i = 0; i < countof(states); i++)
        if (text_is(states[i].name, name)) {
            *state = (enum wf_state)i;
            return true;
        }
    return false;
}

bool wf_event_named(const char *name, enum wf_event *event)
{
    for (size_t i = 0; i < countof(events); i++)
        if (text_is(events[i].name, name)) {
            *event = (enum wf_event)i;
            return true;
        }
    return false;
}

bool wf_face_named(const char *name, enum wf_face *face)
{
    for (size_t i = 0; i < countof(faces); i++)
        if (text_is(faces[i], name)) {
            *face = (enum wf_face)i;
            return true;
        }
    return false;
}

enum wf_who wf_event_who(enum wf_event event)
{
    CHECK(event >= 0 && event < EV_COUNT);
    return event_who[event];
}

bool wf_state_is_end(enum wf_state state)
{
    return state == WF_completed || state == WF_closed;
}

/* ---- generators ---- */

static void write_labels(struct buf *b, const char *name, const struct label *labels, size_t count)
{
    json_name(b, name);
    json_array_open(b);
    for (size_t i = 0; i < count; i++) {
        json_object_open(b);
        json_put_text(b, "name", labels[i].name);
        json_put_text(b, "en", labels[i].en);
        json_put_text(b, "zh", labels[i].zh);
        if (labels[i].student_en != NULL) {
            json_put_text(b, "student_en", labels[i].student_en);
            json_put_text(b, "student_zh", labels[i].student_zh);
        }
        json_object_close(b);
    }
    json_array_close(b);
}

static void write_set(struct buf *b, const char *name, uint64_t set, size_t count, const char *(*name_of)(size_t bit))
{
    json_name(b, name);
    json_array_open(b);
    for (size_t bit = 0; bit < count; bit++)
        if (set >> bit & 1)
            json_text(b, name_of(bit));
    json_array_close(b);
}

void wf_write_json(struct buf *b)
{
    json_object_open(b);
    write_labels(b, "states", states, countof(states));
    write_labels(b, "events", events, countof(events));
    json_name(b, "rows");
    json_array_open(b);
    for (size_t i = 0; i < countof(table); i++) {
        json_object_open(b);
        json_put_text(b, "from", wf_state_name(table[i].from));
        json_put_text(b, "event", wf_event_name(table[i].event));
        json_put_text(b, "who", whos[wf_event_who(table[i].event)]);
        write_set(b, "guards", table[i].guards, WF_GUARD_COUNT, wf_guard_name);
        json_put_text(b, "to", wf_state_name(table[i].to));
        json_put_text(b, "lane", lane_move_name(table[i].lane));
        write_set(b, "effects", table[i].effects, WF_EFFECT_COUNT, wf_effect_name);
        json_object_close(b);
    }
    json_array_close(b);
    json_object_close(b);
}

/* One arrow per pair of states, labelled with the events that cause it; loops are left to the table. */
void wf_write_mermaid(struct buf *b)
{
    buf_text(b, "stateDiagram-v2\n    [*] --> draft\n");
    for (int from = 0; from < WF_STATE_COUNT; from++)
        for (int to = 0; to < WF_STATE_COUNT; to++) {
            uint64_t seen = 0;
            for (size_t i = 0; i < countof(table); i++)
                if ((int)table[i].from == from && (int)table[i].to == to && from != to)
                    seen |= UINT64_C(1) << table[i].event;
            if (seen == 0)
                continue;
            buf_printf(b, "    %s --> %s: ", states[from].name, states[to].name);
            const char *comma = "";
            for (int event = 0; event < EV_COUNT; event++)
                if (seen >> event & 1) {
                    buf_printf(b, "%s%s", comma, events[event].name);
                    comma = ", ";
                }
            buf_char(b, '\n');
        }
    buf_text(b, "    completed --> [*]\n    closed --> [*]\n");
}

static void write_names(struct buf *b, uint64_t set, size_t count, const char *(*name_of)(size_t bit))
{
    const char *comma = "";
    for (size_t bit = 0; bit < count; bit++)
        if (set >> bit & 1) {
            buf_printf(b, "%s%s", comma, name_of(bit));
            comma = ", ";
        }
}

void wf_write_markdown(struct buf *b)
{
    buf_text(b, "| from | event | guards | to | lane | effects |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < countof(table); i++) {
        buf_printf(b, "| %s | %s | ", wf_state_name(table[i].from), wf_event_name(table[i].event));
        write_names(b, table[i].guards, WF_GUARD_COUNT, wf_guard_name);
        buf_printf(b, " | %s | %s | ", wf_state_name(table[i].to), lane_move_name(table[i].lane));
        write_names(b, table[i].effects, WF_EFFECT_COUNT, wf_effect_name);
        buf_text(b, " |\n");
    }
}
