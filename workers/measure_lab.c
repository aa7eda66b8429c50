#include "workers/measure_lab.h"

#include <math.h>
#include <pthread.h>

static double linear[256]; /* filled once; the power costs more than all the rest */
static pthread_once_t linear_once = PTHREAD_ONCE_INIT;

static void fill_linear(void)
{
    for (int i = 0; i < 256; i++) {
        double v = i / 255.0;
        linear[i] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    }
}

static double bent(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

double measure_luminance(const unsigned char rgb[3])
{
    pthread_once(&linear_once, fill_linear);
    return 0.2126 * linear[rgb[0]] + 0.7152 * linear[rgb[1]] + 0.0722 * linear[rgb[2]];
}

double measure_lightness(const unsigned char rgb[3])
{
    return 116 * bent(measure_luminance(rgb)) - 16;
}

struct lab measure_lab(const unsigned char rgb[3])
{
    double y = bent(measure_luminance(rgb));
    double r = linear[rgb[0]], g = linear[rgb[1]], b = linear[rgb[2]];
    double x = bent((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    double z = bent((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.0891);
    return (struct lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double measure_lab_apart(const struct lab *one, const struct lab *other)
{
    double l = one->l - other->l, a = one->a - other->a, b = one->b - other->b;
    return sqrt(l * l + a * a + b * b);
}
