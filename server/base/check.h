/* check — promises that are kept in production too.
 *
 * CHECK states what cannot happen unless our own code is wrong. It never states what a client, a disk or a
 * decoder can cause: that is an error value. A failed CHECK prints the place, the condition and the request in
 * hand, and aborts; the data survive because everything acknowledged is in the database. */
#ifndef XY_CHECK_H
#define XY_CHECK_H

#include "base/base.h"

/* What a thread is for. A thread says so once, at its start; functions that belong to one kind of thread
 * assert it on their first line. ROLE_ANY is a thread that never said (tests, command line). */
enum thread_role { ROLE_ANY, ROLE_LOOP, ROLE_WRITER, ROLE_READER, ROLE_LANE, ROLE_OUTBOUND };

void thread_role_set(enum thread_role role);
enum thread_role thread_role_get(void);

/* Text shown in a crash report; points to memory that lives until the next call on this thread. NULL clears. */
void check_request_set(const char *request_id);

_Noreturn void check_failed(const char *file, int line, const char *condition);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            check_failed(__FILE__, __LINE__, #condition);                                                              \
    } while (0)

/* Passes on a thread of that role and on a thread that never said what it is. */
#define RUNS_ON(role) CHECK(thread_role_get() == (role) || thread_role_get() == ROLE_ANY)

#endif
