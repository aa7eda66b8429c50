/* links: xy_base */
/* One number for many clients: where it settles, and that it stays within its bounds. */
#include "base/pace.c"
#include "tests/check.h"

TEST(it_stays_between_its_bounds)
{
    struct pace pace;
    pace_init(&pace, 667, 30000);
    EQ_INT(667, pace_next_ms(&pace));
    for (int i = 0; i < 100; i++)
        pace_served(&pace);
    EQ_INT(667, pace_next_ms(&pace));
    for (int i = 0; i < 100; i++)
        pace_sent_away(&pace);
    EQ_INT(30000, pace_next_ms(&pace));
    for (int i = 0; i < 100; i++)
        pace_served(&pace);
    EQ_INT(667, pace_next_ms(&pace));
}

/* 1,000 clients want a server that does 50 a second: each comes once in next_ms, 50 of them are served. */
TEST(a_crowd_is_slowed_until_most_are_served)
{
    struct pace pace;
    pace_init(&pace, 667, 30000);
    double served = 0, asked = 0;
    for (int tick_10ms = 0; tick_10ms < 60000; tick_10ms++) {
        static double due, room;
        due += 1000 * 10.0 / (double)pace_next_ms(&pace);
        room = room + 0.5 > 1 ? 1 : room + 0.5;
        for (; due >= 1; due--) {
            bool good = room >= 1;
            room -= good;
            if (good)
                pace_served(&pace);
            else
                pace_sent_away(&pace);
            if (tick_10ms >= 3000) {
                asked++;
                served += good;
            }
        }
    }
    TRUE(served / asked > 0.6);         /* most who come are looked at */
    TRUE(served / (57000 * 0.5) > 0.6); /* and most of the room is used */
}

int main(void)
{
    return tests_run();
}
