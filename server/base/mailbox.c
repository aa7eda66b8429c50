#include "base/mailbox.h"

#include "base/check.h"

void mailbox_init(struct mailbox *box, void (*wake)(void *arg), void *wake_arg)
{
    *box = (struct mailbox){.wake = wake, .wake_arg = wake_arg};
    CHECK(pthread_mutex_init(&box->lock, NULL) == 0);
    CHECK(pthread_cond_init(&box->filled, NULL) == 0);
}

void mailbox_release(struct mailbox *box)
{
    CHECK(box->first == NULL);
    pthread_cond_destroy(&box->filled);
    pthread_mutex_destroy(&box->lock);
}

void mailbox_post(struct mailbox *box, struct message *message)
{
    message->next = NULL;
    pthread_mutex_lock(&box->lock);
    bool was_empty = box->first == NULL;
    if (was_empty)
        box->first = message;
    else
        box->last->next = message;
    box->last = message;
    pthread_cond_signal(&box->filled);
    /* Under the lock, so that an owner that closes its wake-up handle after draining never races with us. */
    if (was_empty && box->wake != NULL)
        box->wake(box->wake_arg);
    pthread_mutex_unlock(&box->lock);
}

static size_t run_all(struct message *message)
{
    size_t count = 0;
    while (message != NULL) {
        struct message *next = message->next; /* run may reuse the message */
        message->run(message);
        message = next;
        count++;
    }
    return count;
}

size_t mailbox_drain(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    struct message *first = box->first;
    box->first = box->last = NULL;
    pthread_mutex_unlock(&box->lock);
    return run_all(first);
}

void mailbox_wait(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    while (box->first == NULL)
        pthread_cond_wait(&box->filled, &box->lock);
    struct message *first = box->first;
    box->first = box->last = NULL;
    pthread_mutex_unlock(&box->lock);
    run_all(first);
}
