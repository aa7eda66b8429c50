#include "workers/measure.h"

#include "workers/measure_lab.h"

#include <math.h>

#define FACE_SIDE_PX     400 /* at MEASURE_EYE_DISTANCE_PX a face with chin fits in */
#define YAW_LIMIT_DEG    8.0 /* beyond it one half hides the other: the halves say nothing */
#define OVEREXPOSED_FROM 247.0
#define UNDEREXPOSED_TO  25.0
#define WALL_BESIDE      0.95 /* face widths from the centre line: clear of most hair */
#define WALL_SHARE_MIN   0.01
#define WALL_GAP_PX      15 /* above the crown */
#define WALL_BORDER_PX   4
#define FACE_OUTLINE     27 /* jaw and brows */

static unsigned char *grey_copy(const struct image *image)
{
    size_t count = (size_t)image->width_px * (size_t)image->height_px;
    unsigned char *grey = malloc(count);
    for (size_t i = 0; grey != NULL && i < count; i++)
        grey[i] = image_grey(image->rgb + 3 * i);
    return grey;
}

static int median_of(const uint32_t histogram[256], uint32_t total)
{
    uint32_t seen = 0;
    for (int value = 0; value < 256; value++) {
        seen += histogram[value];
        if (2 * seen >= total && total > 0)
            return value;
    }
    return 0;
}

/* ---- the face ---- */

/* Jaw from ear to ear, back over the brows: skin without hair. */
/* Where row y crosses the outline of the face, from left to right; returns how often (even, mostly twice). */
static int face_crossings(const struct face_landmarks *marks, double y, double xs[FACE_OUTLINE])
{
    int count = 0;
    for (int i = 0, j = FACE_OUTLINE - 1; i < FACE_OUTLINE; j = i, i++) {
        int a = i <= 16 ? i : 43 - i, b = j <= 16 ? j : 43 - j; /* 17..26 run backwards */
        double ax = (double)marks->points[a].x_px, ay = (double)marks->points[a].y_px;
        double bx = (double)marks->points[b].x_px, by = (double)marks->points[b].y_px;
        if ((ay > y) == (by > y))
            continue;
        double x = (bx - ax) * (y - ay) / (by - ay) + ax;
        int at = count++;
        for (; at > 0 && xs[at - 1] > x; at--)
            xs[at] = xs[at - 1];
        xs[at] = x;
    }
    return count;
}

struct face_sums {
    uint32_t count, over, under;
    uint32_t luminances[256];
    uint32_t halves[2][256], half_count[2];
    double laplacian, laplacian_squared;
};

static void add_pixel(struct face_sums *sums, const unsigned char *rgb, const unsigned char *grey, int half)
{
    double light = 255 * measure_luminance(rgb);
    const unsigned char *up = grey - FACE_SIDE_PX, *down = grey + FACE_SIDE_PX;
    double laplacian = 2.0 * (up[-1] + up[1] + down[-1] + down[1]) - 8.0 * grey[0]; /* the limits are for this one */
    sums->count++;
    sums->over += light >= OVEREXPOSED_FROM;
    sums->under += light <= UNDEREXPOSED_TO;
    sums->luminances[(int)(light + 0.5)]++;
    sums->halves[half][grey[0]]++;
    sums->half_count[half]++;
    sums->laplacian += laplacian;
    sums->laplacian_squared += laplacian * laplacian;
}

/* Which side of the line from between the eyes to the chin. */
static int half_of(const struct head *head, double x, double y)
{
    double dx = head->chin_x - head->eye_x, dy = head->chin_y - head->eye_y;
    return dx * (y - head->eye_y) - dy * (x - head->eye_x) > 0 ? 0 : 1;
}

static double entropy(const uint32_t histogram[256], uint32_t total)
{
    double bits = 0;
    for (int i = 0; i < 256; i++) {
        double share = (double)histogram[i] / total;
        if (share > 0)
            bits -= share * log2(share);
    }
    return bits;
}

static void conclude(const struct face_sums *sums, const struct head *head, struct face_light *out)
{
    if (sums->count == 0)
        return;
    double n = sums->count, mean = sums->laplacian / n;
    out->overexposed = sums->over / n;
    out->underexposed = sums->under / n;
    out->dynamic_range = entropy(sums->luminances, sums->count);
    out->sharpness = sums->laplacian_squared / n - mean * mean;
    int a = median_of(sums->halves[0], sums->half_count[0]), b = median_of(sums->halves[1], sums->half_count[1]);
    if (fabs(head->yaw_deg) <= YAW_LIMIT_DEG && a > 0 && b > 0)
        out->half_lit = a < b ? (double)a / b : (double)b / a;
}

static void add_face(struct face_sums *sums, const struct image *face, const unsigned char *grey,
                     const struct face_landmarks *marks, const struct head *head)
{
    double xs[FACE_OUTLINE];
    for (int y = 1; y < FACE_SIDE_PX - 1; y++) {
        int count = face_crossings(marks, y, xs);
        for (int i = 0; i + 1 < count; i += 2) {
            int from = (int)fmax(1, ceil(xs[i])), to = (int)fmin(FACE_SIDE_PX - 1, ceil(xs[i + 1]));
            for (int x = from; x < to; x++) {
                size_t at = (size_t)y * FACE_SIDE_PX + (size_t)x;
                add_pixel(sums, face->rgb + 3 * at, grey + at, half_of(head, x, y));
            }
        }
    }
}

enum err measure_face(const struct image *source, const struct face_landmarks *landmarks, const struct head *head,
                      struct face_light *out)
{
    *out = (struct face_light){NAN, NAN, NAN, NAN, NAN, {NAN, NAN, NAN, NAN}};
    if (head->eye_distance_px < 4)
        return ERR_NONE;
    /* A placement is a crop with a scale: landmarks and head follow it by geometry_map. */
    struct placement near = {.scale = MEASURE_EYE_DISTANCE_PX / head->eye_distance_px};
    double side = FACE_SIDE_PX / near.scale;
    near.frame = (struct resample_area){head->eye_x - side / 2, head->eye_y - side * 0.4, side, side};
    struct face_landmarks marks;
    struct head mapped;
    geometry_map(&near, landmarks, &marks);
    geometry_head(&marks, &mapped);
    struct image face = {0};
    TRY(resample(source, &near.frame, FACE_SIDE_PX, FACE_SIDE_PX, RESAMPLE_LANCZOS, &face));
    unsigned char *grey = grey_copy(&face);
    if (grey != NULL) {
        struct face_sums sums = {0};
        add_face(&sums, &face, grey, &marks, &mapped);
        conclude(&sums, head, out);
        measure_features(&face, &marks, &mapped, &out->features);
    }
    image_release(&face);
    bool good = grey != NULL;
    free(grey);
    return good ? ERR_NONE : ERR_BUSY;
}

/* ---- the wall ---- */

struct wall_area {
    int32_t left, top, right, bottom; /* of the source inside the photo, without the outermost pixels */
    double centre_x, beside_px, beside_to_y, above_y;
};

static struct wall_area wall_area_of(const struct image *photo, const struct head *head,
                                     const struct placement *placement)
{
    return (struct wall_area){
        .left = WALL_BORDER_PX + (int32_t)ceil(placement->missing_left_px),
        .top = WALL_BORDER_PX + (int32_t)ceil(placement->missing_top_px),
        .right = photo->width_px - WALL_BORDER_PX - (int32_t)ceil(placement->missing_right_px),
        .bottom = photo->height_px - WALL_BORDER_PX,
        .centre_x = head->centre_x,
        .beside_px = WALL_BESIDE * head->face_width_px,
        .beside_to_y = head->eye_y + 0.6 * head->eye_to_chin_px, /* about the mouth: shoulders start lower */
        .above_y = head->crown_y - WALL_GAP_PX,
    };
}

static bool is_wall(const struct wall_area *area, int32_t x, int32_t y)
{
    return y < area->above_y || (y < area->beside_to_y && fabs(x - area->centre_x) > area->beside_px);
}

static double sobel(const unsigned char *at, int32_t row)
{
    double across = at[1 - row] + 2 * at[1] + at[1 + row] - at[-1 - row] - 2 * at[-1] - at[-1 + row];
    double down = at[row - 1] + 2 * at[row] + at[row + 1] - at[-row - 1] - 2 * at[-row] - at[-row + 1];
    return sqrt(across * across + down * down);
}

enum err measure_wall(const struct image *photo, const struct head *head, const struct placement *placement,
                      struct wall *out)
{
    *out = (struct wall){.spread = NAN, .edges = NAN};
    unsigned char *grey = grey_copy(photo);
    if (grey == NULL)
        return ERR_BUSY;
    struct wall_area area = wall_area_of(photo, head, placement);
    uint32_t colours[3][256] = {{0}}, count = 0;
    double sum = 0, squares = 0, edges = 0;
    for (int32_t y = area.top; y < area.bottom; y++) {
        for (int32_t x = area.left; x < area.right; x++) {
            if (!is_wall(&area, x, y))
                continue;
            size_t at = (size_t)y * (size_t)photo->width_px + (size_t)x;
            const unsigned char *rgb = photo->rgb + 3 * at;
            double light = measure_lightness(rgb);
            sum += light;
            squares += light * light;
            edges += sobel(grey + at, photo->width_px);
            for (int i = 0; i < 3; i++)
                colours[i][rgb[i]]++;
            count++;
        }
    }
    free(grey);
    out->share = count / ((double)photo->width_px * photo->height_px);
    for (int i = 0; i < 3; i++)
        out->colour[i] = median_of(colours[i], count);
    if (out->share < WALL_SHARE_MIN)
        return ERR_NONE;
    double mean = sum / count;
    out->spread = sqrt(fmax(0, squares / count - mean * mean));
    out->edges = edges / count;
    return ERR_NONE;
}
