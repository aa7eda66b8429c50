/* links: xy_http xy_base */
/* Requests that wait for somebody else: answered from another thread, too late, to nobody, to a server that stops. */
#include "exchange_fixture.h"

static struct question *asked(void)
{
    pthread_mutex_lock(&oracle.lock);
    while (oracle.question == NULL)
        pthread_cond_wait(&oracle.asked, &oracle.lock);
    struct question *question = oracle.question;
    oracle.question = NULL;
    pthread_mutex_unlock(&oracle.lock);
    return question;
}

static int ask(void)
{
    int fd = client_connect(port);
    client_text(fd, "POST /ask HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    return fd;
}

static void wait_until_gone(void)
{
    struct server_stats stats;
    do {
        sched_yield();
        server_stats(server, &stats);
    } while (stats.exchanges > 0 || stats.connections > 0);
}

TEST(an_answer_from_another_thread_ends_the_wait)
{
    static struct answer a;
    start();
    int fd = ask();
    struct question *question = asked();
    TRUE(question_wanted(question));
    char text[] = "seen";
    question_answer(question, ERR_NONE, text, 4);
    memset(text, 'x', 4); /* it was copied */
    client_read(fd, &a, true);
    EQ_INT(200, a.status);
    EQ_TEXT("{\"text\":\"seen!\",\"result\":\"none\",\"late\":false}", a.body);
    close(fd);
    stop();
}

TEST(an_answer_may_come_from_inside_the_asking)
{
    static struct answer a;
    start();
    oracle.how = ASKED_AT_ONCE;
    int fd = ask();
    client_read(fd, &a, true);
    EQ_INT(200, a.status);
    EQ_TEXT("{\"text\":\"at once!\",\"result\":\"none\",\"late\":false}", a.body);
    close(fd);
    stop();
}

TEST(who_cannot_ask_or_take_ends_with_the_error)
{
    static struct answer a;
    start();
    oracle.how = ASKED_REFUSES;
    int fd = ask();
    client_read(fd, &a, true);
    EQ_INT(503, a.status);
    close(fd);
    oracle.how = ASKED_LATER;
    fd = ask();
    question_answer(asked(), ERR_UNREADABLE, NULL, 0);
    client_read(fd, &a, true);
    EQ_INT(422, a.status);
    close(fd);
    stop();
}

TEST(many_wait_without_a_thread)
{
    enum { MANY = 64 };
    static struct answer a;
    struct question *questions[MANY];
    int fds[MANY];
    struct server_limits limits = server_limits_default();
    limits.lane_threads = 1;
    start_with(limits);
    for (int i = 0; i < MANY; i++) {
        fds[i] = ask();
        questions[i] = asked();
    }
    client_ask(port, &a, "GET /notes/x HTTP/1.1\r\nHost: h\r\n\r\n"); /* others are served meanwhile */
    EQ_INT(200, a.status);
    for (int i = MANY - 1; i >= 0; i--) /* in any order */
        question_answer(questions[i], ERR_NONE, "x", 1);
    for (int i = 0; i < MANY; i++) {
        client_read(fds[i], &a, true);
        EQ_INT(200, a.status);
        close(fds[i]);
    }
    stop();
}

TEST(patience_ends_and_the_late_answer_is_dropped)
{
    static struct answer a;
    start();
    int fd = ask();
    struct question *question = asked();
    client_read(fd, &a, true); /* nobody answers */
    EQ_INT(200, a.status);
    EQ_TEXT("{\"text\":\"!\",\"result\":\"busy\",\"late\":true}", a.body);
    TRUE(!question_wanted(question));
    close(fd);
    wait_until_gone();
    question_answer(question, ERR_NONE, "too late", 8);
    stop();
}

TEST(a_client_that_left_leaves_the_question_behind)
{
    start();
    int fd = ask();
    struct question *question = asked();
    TRUE(question_wanted(question));
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
    wait_until_gone(); /* without the answer */
    TRUE(!question_wanted(question));
    question_answer(question, ERR_NONE, "nobody", 6);
    stop();
}

TEST(a_stop_waits_for_the_answer_or_the_patience)
{
    static struct answer a;
    pthread_t stopper;
    start();
    int answered = ask();
    struct question *first = asked();
    int forgotten = ask();
    struct question *second = asked();
    pthread_create(&stopper, NULL, (void *(*)(void *))(void *)server_stop, server);
    question_answer(first, ERR_NONE, "seen", 4);
    client_read(answered, &a, true);
    EQ_INT(200, a.status);
    client_read(forgotten, &a, true);
    EQ_TEXT("{\"text\":\"!\",\"result\":\"busy\",\"late\":true}", a.body);
    pthread_join(stopper, NULL);
    question_answer(second, ERR_NONE, "the loops have ended", 20);
    close(answered);
    close(forgotten);
    stop();
}

TEST(a_stop_cuts_off_who_still_waits)
{
    static struct answer a;
    struct server_limits limits = server_limits_default();
    limits.stop_grace_ms = 1;
    start_with(limits);
    int fd = ask();
    struct question *question = asked();
    server_stop(server);
    TRUE(client_read_head(fd, &a));
    EQ_INT(503, a.status);
    question_answer(question, ERR_NONE, "x", 1);
    close(fd);
    stop();
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return tests_run();
}
