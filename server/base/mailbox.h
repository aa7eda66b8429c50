/* mailbox — how threads hand work and answers to each other.
 *
 * A message is embedded in the object it speaks of (intrusive), so posting allocates nothing and cannot fail.
 * Ownership of that object moves with the message: the sender must not touch it after mailbox_post until it gets
 * it back. Messages are run in the order they were posted, on the thread that drains. */
#ifndef XY_MAILBOX_H
#define XY_MAILBOX_H

#include "base/base.h"

#include <pthread.h>

struct message {
    struct message *next;
    void (*run)(struct message *); /* on the receiving thread; may free or re-post the object */
};

struct mailbox {
    pthread_mutex_t lock; /* guards first, last */
    pthread_cond_t filled;
    struct message *first, *last;
    void (*wake)(void *arg); /* called by the sender after an empty box became filled; any thread; may be NULL */
    void *wake_arg;
};

void mailbox_init(struct mailbox *box, void (*wake)(void *arg), void *wake_arg);
void mailbox_release(struct mailbox *box); /* CHECKs that it is empty */

void mailbox_post(struct mailbox *box, struct message *message); /* any thread */
size_t mailbox_drain(struct mailbox *box);                       /* owner: run all that is there; how many */
void mailbox_wait(struct mailbox *box);                          /* owner without an event loop: wait, then drain */

#endif
