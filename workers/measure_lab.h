/* measure_lab — colours as people see them apart: CIELAB (D65, 2°) of sRGB pixels.
 *
 * A difference of 1 is just visible side by side, 10 is another shade, 25 is plainly another colour. Pure; any thread.
 */
#ifndef XY_WORKERS_MEASURE_LAB_H
#define XY_WORKERS_MEASURE_LAB_H

struct lab {
    double l, a, b; /* l 0..100; a green to red, b blue to yellow, about -100..100 */
};

double measure_luminance(const unsigned char rgb[3]); /* relative, linear: 0 black … 1 white */
double measure_lightness(const unsigned char rgb[3]); /* L* alone */
struct lab measure_lab(const unsigned char rgb[3]);
double measure_lab_apart(const struct lab *one, const struct lab *other); /* ΔE of 1976: the plain distance */

#endif
