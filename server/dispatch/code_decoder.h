/* code_decoder — operators who hold CHSI's key can say what a collection code contains; we only ask.
 *
 * Either a program (config code_decoder_command): started without a shell and without arguments for each code, the
 * payload's bytes on its stdin, one JSON object on its stdout, exit code 0; CODE_DECODER_MS and CODE_ANSWER_BYTES_MAX
 * bound it, then it is killed. Or an address (code_decoder_url): POST {"payload": base64}, status 200, the same JSON;
 * guarded like webhooks (url_guard). The answer:
 *
 *     {"valid": false}                                          this is no collection code
 *     {"name_masked": "张*", "id_masked": "440***********1234"} compared with the roster; either may be absent
 *
 * Other members (such as student_unique_no) are read over: they are not needed to hand the photo over. What is wrong
 * with a decoder never stops a student: no answer means "not checked". Outbound thread. */
#ifndef XY_DISPATCH_CODE_DECODER_H
#define XY_DISPATCH_CODE_DECODER_H

#include "base/code_kind.h"
#include "base/json.h"
#include "dispatch/client.h"

#define CODE_DECODER_MS       10000
#define CODE_ANSWER_BYTES_MAX KIB(16)

struct outside;

/* One question; the caller's until done, which is called exactly once, perhaps from inside code_decoder_ask. */
struct code_question {
    struct outside *outside;
    struct arena *arena;
    const void *payload;
    size_t len;
    void (*done)(struct code_question *question);
    void *owner;

    const struct json *answer; /* out: an object in arena; NULL: none */
    const char *words;         /* out: why there is none, without data of the code; static */
    struct client_request request;
};

bool code_decoder_there(const struct outside *outside);
void code_decoder_ask(struct code_question *question);
void code_decoder_stop(struct outside *outside); /* kills what still runs; their questions end without answer */

/* "yes", "no" or "unknown": the answer against name and ID number (NULL or "": not known). Pure. */
const char *code_answer_match(const struct json *answer, const char *name, const char *id_number);

#endif
