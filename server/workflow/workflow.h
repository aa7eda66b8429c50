/* workflow — what may happen to a submission. Pure: no clock, no database, no memory.
 *
 * The table workflow.def is the only place where legality is decided. wf_decide is total: a row, or NULL, which means
 * refused. Generated from the table: the README's diagram, GET /api/v1/workflow, tests/golden/workflow.md. Any thread.
 */
#ifndef XY_WORKFLOW_H
#define XY_WORKFLOW_H

#include "base/base.h"
#include "base/buf.h"

/* name, English label, Chinese label, what the student reads (en, zh) */
#define WORKFLOW_STATES(S)                                                                                             \
    S(draft, "Draft", "准备中", "Take a photo and choose the best one.", "拍照并选出最好的一张。")                     \
    S(awaiting_payment, "Awaiting payment", "待付款", "Pay to hand the photo in.", "付款后提交。")                     \
    S(submitted, "Submitted", "已提交", "Received. It goes to a reviewer in a moment.", "已收到，马上进入审核。")      \
    S(human_review, "In review", "审核中", "A reviewer is going to look at it.", "等待人工审核。")                     \
    S(retouch, "Retouching", "修图中", "Staff repair the background edge.", "工作人员正在修整背景边缘。")              \
    S(face_comparison, "Identity check", "人像比对", "The photo is compared with your ID card.",                       \
      "正在与证件头像比对。")                                                                                          \
    S(student_confirm, "Your confirmation", "待本人确认", "Look at the approved photo and confirm.",                   \
      "查看通过的照片并确认。")                                                                                        \
    S(chsi_upload, "CHSI", "上网中", "Queued for or handed over to CHSI.", "已排队或已报送学信网。")                   \
    S(printing, "Printing", "冲印中", "On a print sheet.", "正在冲印。")                                               \
    S(mailing, "Mailing", "邮寄中", "The parcel is being sent.", "正在邮寄。")                                         \
    S(retake, "Retake", "需重拍", "Send a new photo; the reasons are below.", "按下面的原因重拍。")                    \
    S(completed, "Completed", "已完成", "All done. Keep your photo.", "全部办完，请保存好照片。")                      \
    S(closed, "Closed", "已关闭", "This submission is closed; its photo goes no further.", "采集已结束，照片不再办理。")

/* name, English label, Chinese label, who causes it: student, staff, server */
#define WORKFLOW_EVENTS(E)                                                                                             \
    E(confirm, "Confirm and submit", "确认提交", student)                                                              \
    E(pay_succeeded, "Payment received", "付款成功", server)                                                           \
    E(recall, "Take back to change", "撤回修改", student)                                                              \
    E(withdraw, "Withdraw", "放弃采集", student)                                                                       \
    E(expire, "Expired", "超过期限", server)                                                                           \
    E(intake, "Taken in", "进入审核", server)                                                                          \
    E(face_result, "Face comparison result", "比对结果", server)                                                       \
    E(approve, "Approve", "通过", staff)                                                                               \
    E(reject_retry, "Reject, retake", "驳回重拍", staff)                                                               \
    E(reject_final, "Reject for good", "不予通过", staff)                                                              \
    E(escalate, "Escalate", "升级主审", staff)                                                                         \
    E(retouch, "Send to retouching", "转修图", staff)                                                                  \
    E(retouch_done, "Retouched", "修图完成", staff)                                                                    \
    E(identity_vote, "Identity judged", "身份判断", staff)                                                             \
    E(accept, "Photo accepted", "确认照片", student)                                                                   \
    E(object, "Photo objected to", "对照片有异议", student)                                                            \
    E(confirm_timeout, "Confirmation timed out", "确认超时", server)                                                   \
    E(hand_over, "Handed over to CHSI", "已报送", server)                                                              \
    E(chsi_accepted, "Accepted by CHSI", "学信网可查", server)                                                         \
    E(chsi_refused, "Refused by CHSI", "学信网退回", server)                                                           \
    E(printed, "Printed", "已冲印", staff)                                                                             \
    E(shipped, "Shipped", "已寄出", staff)                                                                             \
    E(delivered, "Delivered", "已签收", server)                                                                        \
    E(appeal, "Appeal", "申诉", student)                                                                               \
    E(proofread, "Proof-read at CHSI", "图像校对", student)                                                            \
    E(reopen, "Reopen", "重开", staff)                                                                                 \
    E(refunded, "Refunded", "已退款", server)                                                                          \
    E(purge, "Purged", "已清除", server)

/* Guards: a name, and a condition over `struct wf_facts *f`. */
#define WORKFLOW_GUARDS(G)                                                                                             \
    G(attempt_ready, f->attempt_ready)                                                                                 \
    G(consented, f->consented)                                                                                         \
    G(code_given, f->code_given)                                                                                       \
    G(details_given, f->details_given)                                                                                 \
    G(phone_given, f->phone_given)                                                                                     \
    G(account_followed, f->account_followed)                                                                           \
    G(notice_given, f->notice_given)                                                                                   \
    G(address_given, f->address_given)                                                                                 \
    G(session_open, f->session_open)                                                                                   \
    G(payment_due, f->price_fen > 0 && !f->paid)                                                                       \
    G(unattended, !f->claimed)                                                                                         \
    G(refundable, f->paid && f->price_fen > 0 && !f->reviewed)                                                         \
    G(attempts_left, f->attempts_used < f->attempts_max)                                                               \
    G(face_pending, f->face == WF_FACE_PENDING)                                                                        \
    G(face_match, f->face == WF_FACE_MATCH)                                                                            \
    G(face_rejected, f->rejected_by_face)                                                                              \
    G(actor_is_senior, f->actor_is_senior)                                                                             \
    G(senior_says_same, f->actor_is_senior && f->vote == WF_VOTE_SAME)                                                 \
    G(senior_says_different, f->actor_is_senior && f->vote == WF_VOTE_DIFFERENT)                                       \
    G(votes_conflict, f->vote == WF_VOTE_UNSURE || (f->votes_same > 0 && f->votes_different > 0) ||                    \
                          (f->face == WF_FACE_MISMATCH && f->votes_same >= f->eyes_needed))                            \
    G(enough_say_same, f->votes_same >= f->eyes_needed)                                                                \
    G(enough_say_different, f->votes_different >= f->eyes_needed)                                                      \
    G(confirm_wanted, f->confirm_wanted)                                                                               \
    G(chsi_wanted, f->chsi_wanted)                                                                                     \
    G(print_wanted, f->print_wanted)                                                                                   \
    G(mail_wanted, f->mail_wanted)                                                                                     \
    G(not_handed_over, !f->handed_over)                                                                                \
    G(retake_in_time, f->retake_in_time)

/* Effects: a name = the kind of the outbox row, and what its executor does. */
#define WORKFLOW_EFFECTS(X)                                                                                            \
    X(intake, "assign lane and deadline")                                                                              \
    X(compare, "compare the photo with the ID portrait")                                                               \
    X(notify, "tell the student")                                                                                      \
    X(publish, "webhook to subscribed systems")                                                                        \
    X(refund, "give the money back")                                                                                   \
    X(close_order, "close the unpaid order")                                                                           \
    X(chsi, "offer to the CHSI connector")                                                                             \
    X(erase, "erase images and personal data")

enum wf_state {
#define S(name, en, zh, student_en, student_zh) WF_##name,
    WORKFLOW_STATES(S)
#undef S
        WF_STATE_COUNT
};
enum wf_event {
#define E(name, en, zh, who) EV_##name,
    WORKFLOW_EVENTS(E)
#undef E
        EV_COUNT
};
enum wf_guard_bit {
#define G(name, condition) WF_GUARD_BIT_##name,
    WORKFLOW_GUARDS(G)
#undef G
        WF_GUARD_COUNT
};
enum wf_effect_bit {
#define X(name, what) WF_EFFECT_BIT_##name,
    WORKFLOW_EFFECTS(X)
#undef X
        WF_EFFECT_COUNT
};
enum wf_lane_move { LANE_KEEP, LANE_NONE, LANE_BY_REPORT, LANE_IDENTITY, LANE_SENIOR, LANE_RETOUCH };
enum wf_face {
    WF_FACE_PENDING,
    WF_FACE_MATCH,
    WF_FACE_GREY,
    WF_FACE_MISMATCH,
    WF_FACE_NONE
}; /* none: not comparable,
or no consent to compare */
enum wf_vote { WF_VOTE_NONE, WF_VOTE_SAME, WF_VOTE_DIFFERENT, WF_VOTE_UNSURE };
enum wf_who { WF_WHO_student, WF_WHO_staff, WF_WHO_server };

/* Everything a decision may depend on; filled by the caller from rows and policy. */
struct wf_facts {
    bool attempt_ready; /* a chosen attempt has a standardised photo that passed, or was insisted on */
    bool consented;     /* all ticks the policy requires are given */
    bool code_given;    /* the collection code has been read, or the policy does not ask for it */
    bool details_given; /* data of the roster are confirmed, as far as the policy asks for it */
    bool phone_given, account_followed, notice_given, address_given; /* or the policy does not ask for it */
    bool session_open;                                               /* now is within the session's window */
    int64_t price_fen;                                               /* due for this pass; 0 = free */
    bool paid;                                                       /* that sum has been received */
    bool claimed;  /* a reviewer has it in hand, or a decision waits out its undo window */
    bool reviewed; /* a human has decided at least once */
    int64_t attempts_used, attempts_max;
    enum wf_face face;
    bool rejected_by_face; /* the last rejection came from the identity check */
    bool actor_is_senior;
    enum wf_vote vote;                                /* the vote being cast */
    int64_t votes_same, votes_different, eyes_needed; /* votes of this round including it */
    bool confirm_wanted, chsi_wanted, print_wanted, mail_wanted;
    bool handed_over;
    bool retake_in_time;
};

struct wf_row {
    enum wf_state from;
    enum wf_event event;
    uint64_t guards;
    enum wf_state to;
    enum wf_lane_move lane;
    uint64_t effects;
};

/* The first row of the table that matches, or NULL: refused. */
const struct wf_row *wf_decide(enum wf_state state, enum wf_event event, const struct wf_facts *facts);
uint64_t wf_guards_true(const struct wf_facts *facts); /* bit per guard */

const struct wf_row *wf_rows(size_t *count); /* the table itself, for generators and tests */

const char *wf_state_name(enum wf_state state);
const char *wf_event_name(enum wf_event event);
const char *wf_guard_name(size_t bit);
const char *wf_effect_name(size_t bit);
const char *wf_face_name(enum wf_face face);
bool wf_state_named(const char *name, enum wf_state *state);
bool wf_event_named(const char *name, enum wf_event *event);
bool wf_face_named(const char *name, enum wf_face *face);
enum wf_who wf_event_who(enum wf_event event);
bool wf_state_is_end(enum wf_state state); /* completed, closed */

/* Generators: the same table as JSON (GET /api/v1/workflow), Mermaid and Markdown. */
void wf_write_json(struct buf *b);
void wf_write_mermaid(struct buf *b);
void wf_write_markdown(struct buf *b);

#endif
