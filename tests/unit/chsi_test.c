/* links: xy_standin xy_dispatch */
#include "base/crypt.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/consent.h"
#include "tests/check.h"
#include "tests/unit/outside_server.h"

/* ---- a submission whose photo was approved, by the moves a real one makes ---- */

static struct made {
    char session_id[CRYPT_ID_TEXT_BYTES], submission_id[CRYPT_ID_TEXT_BYTES], attempt_id[CRYPT_ID_TEXT_BYTES];
    struct server_student student;
    const char *session_code, *standard_id;
    struct blob_ref ref;
    int photo;
} made;

static enum err session_step(struct tx *tx, void *job)
{
    struct made *m = job;
    const struct session_new session = {.id = m->session_id,
                                        .code = m->session_code,
                                        .name = "chsi",
                                        .school_id = m->session_id,
                                        .school_code = m->session_code,
                                        .school_name = "chsi",
                                        .closes_us = SECONDS_US(4000000000),
                                        .now_us = clock_utc_us(),
                                        .policy_json = "{\"payment\":\"none\",\"quiet_from_hour\":0,\"quiet_to_hour\":"
                                                       "0,\"deliver_chsi\":true,\"deliver_print\":false,"
                                                       "\"deliver_mail\":\"student\"}",
                                        .changed_by = "test"};
    static const char *const kinds[] = {"privacy", "face", "passing_on"};
    TRY(session_add(tx, &session));
    for (size_t i = 0; i < countof(kinds); i++)
        TRY(consent_give(tx, m->student.id, kinds[i], "1", clock_utc_us()));
    const struct submission s = {.id = m->submission_id,
                                 .code = "3B92K7-4",
                                 .session_id = m->session_id,
                                 .student_id = m->student.id,
                                 .created_us = clock_utc_us()};
    TRY(submission_add(tx, &s));
    return submission_set_address(tx, s.id, "{}");
}

static enum err attempt_step(struct tx *tx, void *job)
{
    struct made *m = job;
    int64_t number;
    const struct attempt a = {.id = m->attempt_id,
                              .submission_id = m->submission_id,
                              .source = "live",
                              .original_blob_id = m->standard_id,
                              .created_us = clock_utc_us()};
    TRY(blob_row_add(tx, &m->ref, "standard", "image/jpeg", m->student.id, clock_utc_us()));
    TRY(attempt_add(tx, &a, &number));
    TRY(attempt_ready(tx, m->attempt_id, "pass", "{}", m->standard_id, m->standard_id, NULL));
    return submission_choose(tx, m->submission_id, m->attempt_id, 0);
}

static enum err move_step(struct tx *tx, void *job)
{
    struct move *m = job;
    m->submission_id = made.submission_id;
    m->actor_id = "somebody";
    m->now_us = clock_utc_us();
    return transition_apply(tx, m, NULL);
}

static void happens(enum wf_event event, enum actor_kind kind)
{
    struct move m = {.event = event,
                     .actor_kind = kind,
                     .face = WF_FACE_MATCH,
                     .lane = "green",
                     .carrier = "顺丰速运",
                     .tracking_no = "SF 1/2"};
    server_write(move_step, &m);
}

/* A new photo, handed in, compared, approved: now it waits for CHSI. */
static void approve_photo(void)
{
    char bytes[2000];
    crypt_random(bytes, sizeof bytes);
    memcpy(bytes, "\xff\xd8\xff\xe0", 4);
    char id[CRYPT_ID_TEXT_BYTES];
    crypt_id(clock_utc_us(), id);
    crypt_id(clock_utc_us(), made.attempt_id);
    made.standard_id = arena_text(outside_arena, id);
    EQ_INT(ERR_NONE, blob_put(server_blobs, made.standard_id, bytes, sizeof bytes, outside_arena, &made.ref));
    server_write(attempt_step, &made);
    happens(EV_confirm, ACTOR_STUDENT);
    happens(EV_intake, ACTOR_SERVER);
    happens(EV_face_result, ACTOR_SERVER);
    happens(EV_approve, ACTOR_STAFF);
}

static void up(void)
{
    static int number = 25103100;
    server_up();
    server_dispatch_stop();
    server_config.chsi_url = outside_url(outside_ports.chsi, "");
    server_config.courier_url = outside_url(outside_ports.courier, "");
    server_dispatch_start();
    made = (struct made){.student = server_student("openid-chsi"),
                         .session_code = arena_printf(outside_arena, "%d", ++number)};
    crypt_id(clock_utc_us(), made.session_id);
    crypt_id(clock_utc_us(), made.submission_id);
    server_write(session_step, &made);
}

static enum err see_step(struct tx *tx, void *job)
{
    struct submission *s = job;
    TRY(submission_get(tx, made.submission_id, s));
    s->reasons = arena_text(outside_arena, s->reasons);
    s->chsi_status = arena_text(outside_arena, s->chsi_status);
    return ERR_NONE;
}

static struct submission see(void)
{
    struct submission s;
    EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, see_step, &s));
    return s;
}

static enum err state_step(struct tx *tx, void *job)
{
    struct submission s;
    TRY(submission_get(tx, made.submission_id, &s));
    *(enum wf_state *)job = s.state;
    return ERR_NONE;
}

static enum wf_state state_now(void)
{
    enum wf_state state = WF_closed;
    EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, state_step, &state));
    return state;
}

static void await(enum wf_state state)
{
    int64_t until_us = clock_mono_us() + SECONDS_US(20);
    while (state_now() != state) {
        if (clock_mono_us() > until_us)
            TEST_FAIL("state is %s, want %s", wf_state_name(state_now()), wf_state_name(state));
        server_wait();
    }
}

static int64_t photos(void)
{
    return json_int_at(outside_ask(outside_ports.chsi, "GET", "/photos", NULL), "count", -1);
}

static int64_t received(size_t index)
{
    const struct json *item = json_at(outside_ask(outside_ports.chsi, "GET", "/photos", NULL), "items")->first;
    while (index-- > 0)
        item = item->next;
    return json_int_at(item, "received", -1);
}

TEST(an_approved_photo_is_handed_over_and_accepted)
{
    up();
    approve_photo();
    await(WF_mailing);
    EQ_TEXT("accepted", see().chsi_status);
    EQ_INT(1, photos());
    EQ_INT(1, received(0));
    EQ_INT(0, server_settle().dead);
    server_down();
}

TEST(whatever_breaks_the_photo_is_there_once)
{
    static const char *const faults[] = {"drop_answer", "reset", "garbage", "truncate", "status"};
    for (size_t i = 0; i < countof(faults); i++) {
        up();
        (void)outside_ask(outside_ports.chsi, "POST", "/hold", "{\"hold\":true}");
        outside_fault(outside_ports.chsi, faults[i], 2, 502, "/v1/photos");
        approve_photo();
        (void)outside_ask(outside_ports.chsi, "POST", "/hold", "{\"hold\":false}");
        await(WF_mailing);
        EQ_INT(1, photos());
        if (received(0) != 1)
            TEST_FAIL("%s: the photo came %" PRId64 " times", faults[i], received(0));
        EQ_INT(0, server_settle().dead);
        server_down();
    }
}

TEST(a_result_may_take_its_time)
{
    up();
    (void)outside_ask(outside_ports.chsi, "POST", "/hold", "{\"hold\":true}");
    approve_photo();
    while (!text_is(see().chsi_status, "handed_over"))
        server_wait();
    while (outside_count(outside_ports.chsi, arena_printf(outside_arena, "/v1/photos/%s-%.32s", made.submission_id,
                                                          made.ref.content_hash)) < 4)
        server_wait(); /* asked before sending, sent, asked twice for the result */
    EQ_INT(WF_chsi_upload, see().state);
    (void)outside_ask(outside_ports.chsi, "POST", "/hold", "{\"hold\":false}");
    await(WF_mailing);
    server_down();
}

TEST(a_refused_photo_comes_back_and_a_second_one_passes)
{
    up();
    outside_fault(outside_ports.chsi, "refuse_photo", 1, 0, "/v1/photos");
    approve_photo();
    await(WF_retake);
    EQ_TEXT("[\"chsi_quality\"]", see().reasons);
    approve_photo();
    await(WF_mailing);
    EQ_INT(2, photos());
    EQ_INT(1, received(0));
    EQ_INT(1, received(1));
    EQ_INT(0, server_settle().dead);
    server_down();
}

TEST(without_a_connector_nothing_is_sent)
{
    up();
    server_dispatch_stop();
    server_config.chsi_url = "";
    server_dispatch_start();
    approve_photo();
    EQ_INT(0, server_settle().dead);
    EQ_INT(WF_chsi_upload, see().state);
    EQ_TEXT("queued", see().chsi_status);
    EQ_INT(0, photos());
    server_down();
}

TEST(the_courier_is_asked_until_the_parcel_is_there)
{
    up();
    approve_photo();
    await(WF_mailing);
    happens(EV_shipped, ACTOR_STAFF);
    while (json_int_at(outside_ask(outside_ports.courier, "GET", "/log", NULL), "count", 0) < 1)
        server_wait();
    EQ_INT(WF_mailing, see().state);
    (void)outside_ask(outside_ports.courier, "POST", "/deliver", "{\"carrier\":\"顺丰速运\",\"number\":\"SF 1/2\"}");
    await(WF_completed);
    server_down();
}

int main(void)
{
    crypt_start();
    return tests_run();
}
