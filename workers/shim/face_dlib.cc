// The only translation unit of the product that sees dlib. See face.h for the contract.
#include "workers/shim/face.h"

#include "workers/shim/face_net.hh"

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/revision.h>

#include <algorithm>
#include <cmath>
#include <dlfcn.h>
#include <fstream>
#include <new>

struct face_models {
    dlib::shape_predictor landmarks;        // operator() is const: one copy serves all threads
    dlib::frontal_face_detector detector;   // not const: a prototype to copy from
    face_net::network network;              // keeps its layers' outputs inside: a prototype to copy from
};

struct face_context {
    const face_models *models;
    dlib::frontal_face_detector detector;
    face_net::network network;
};

// A borrowed face_image in the shape dlib's templates want.
struct rgb_view {
    typedef dlib::rgb_pixel type;
    typedef dlib::default_memory_manager mem_manager_type;
    const face_image *image;
};
inline long num_rows(const rgb_view &view) { return view.image->height_px; }
inline long num_columns(const rgb_view &view) { return view.image->width_px; }
inline const void *image_data(const rgb_view &view) { return view.image->rgb; }
inline long width_step(const rgb_view &view) { return static_cast<long>(view.image->width_px) * 3; }
namespace dlib {
template <> struct image_traits<rgb_view> {
    typedef rgb_pixel pixel_type;
};
template <> struct image_traits<const rgb_view> {
    typedef rgb_pixel pixel_type;
};
} // namespace dlib

namespace {

// Every entry runs in here: whatever C++ throws becomes a result.
template <typename action> face_result guarded(action &&run) noexcept
{
    try {
        return run();
    } catch (const std::bad_alloc &) {
        return FACE_NO_MEMORY;
    } catch (...) {
        return FACE_INTERNAL;
    }
}

bool usable(const face_image *image)
{
    return image != nullptr && image->rgb != nullptr && image->width_px > 0 && image->height_px > 0 &&
           image->width_px <= FACE_SIDE_PX_MAX && image->height_px <= FACE_SIDE_PX_MAX;
}

void say(char why[FACE_WHY_BYTES], const char *what, const char *path)
{
    snprintf(why, FACE_WHY_BYTES, "%s: %s", what, path);
}

template <typename model>
face_result read_model(const char *path, model &into, char why[FACE_WHY_BYTES])
{
    if (!std::ifstream(path, std::ios::binary)) {
        say(why, "The model file cannot be opened", path);
        return FACE_MODEL_MISSING;
    }
    try {
        dlib::deserialize(path) >> into;
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception &) {
        say(why, "The model file is damaged or of another kind", path);
        return FACE_MODEL_CORRUPT;
    }
    return FACE_OK;
}

bool plausible(const face_landmarks *landmarks)
{
    for (const face_point &point : landmarks->points)
        if (!(std::fabs(point.x_px) < 4 * FACE_SIDE_PX_MAX && std::fabs(point.y_px) < 4 * FACE_SIDE_PX_MAX))
            return false;
    return true;
}

} // namespace

face_result face_models_load(const char *network_path, const char *landmarks_path, face_models **out,
                             char why[FACE_WHY_BYTES])
{
    why[0] = '\0';
    return guarded([&] {
        auto models = std::make_unique<face_models>();
        face_result result = read_model(network_path, models->network, why);
        if (result == FACE_OK)
            result = read_model(landmarks_path, models->landmarks, why);
        if (result == FACE_OK && models->landmarks.num_parts() != FACE_LANDMARKS) {
            say(why, "The landmark model does not have 68 points", landmarks_path);
            result = FACE_MODEL_CORRUPT;
        }
        if (result != FACE_OK)
            return result;
        models->detector = dlib::get_frontal_face_detector();
        *out = models.release();
        return FACE_OK;
    });
}

void face_models_free(face_models *models)
{
    delete models;
}

face_result face_context_new(const face_models *models, face_context **out)
{
    return guarded([&] {
        *out = new face_context{models, models->detector, models->network};
        return FACE_OK;
    });
}

void face_context_free(face_context *context)
{
    delete context;
}

face_result face_detect(face_context *context, const face_image *image, face_boxes *out)
{
    out->count = 0;
    if (!usable(image))
        return FACE_BAD_IMAGE;
    return guarded([&] {
        std::vector<dlib::rect_detection> found;
        context->detector(rgb_view{image}, found);
        std::sort(found.begin(), found.end(), [](const dlib::rect_detection &a, const dlib::rect_detection &b) {
            return a.rect.area() > b.rect.area();
        });
        for (const dlib::rect_detection &face : found) {
            if (out->count == FACE_BOXES_MAX)
                break;
            out->items[out->count++] = {static_cast<int32_t>(face.rect.left()), static_cast<int32_t>(face.rect.top()),
                                        static_cast<int32_t>(face.rect.width()),
                                        static_cast<int32_t>(face.rect.height()),
                                        static_cast<float>(face.detection_confidence)};
        }
        return FACE_OK;
    });
}

face_result face_landmarks_find(face_context *context, const face_image *image, const face_box *box,
                                face_landmarks *out)
{
    if (!usable(image))
        return FACE_BAD_IMAGE;
    if (box->width_px < 1 || box->height_px < 1 || box->width_px > 2 * FACE_SIDE_PX_MAX ||
        box->height_px > 2 * FACE_SIDE_PX_MAX)
        return FACE_BAD_ARGUMENT;
    return guarded([&] {
        dlib::rectangle where(box->x_px, box->y_px, static_cast<long>(box->x_px) + box->width_px - 1,
                              static_cast<long>(box->y_px) + box->height_px - 1);
        dlib::full_object_detection shape = context->models->landmarks(rgb_view{image}, where);
        for (unsigned long i = 0; i < FACE_LANDMARKS; i++)
            out->points[i] = {static_cast<float>(shape.part(i).x()), static_cast<float>(shape.part(i).y())};
        return FACE_OK;
    });
}

face_result face_describe(face_context *context, const face_image *image, const face_landmarks *landmarks,
                          face_descriptor *out)
{
    if (!usable(image))
        return FACE_BAD_IMAGE;
    if (!plausible(landmarks))
        return FACE_BAD_ARGUMENT;
    return guarded([&] {
        std::vector<dlib::point> parts;
        for (const face_point &point : landmarks->points)
            parts.emplace_back(std::lround(point.x_px), std::lround(point.y_px));
        dlib::full_object_detection shape(dlib::rectangle(), parts);
        dlib::chip_details cut =
            dlib::get_face_chip_details(shape, FACE_CHIP_SIDE_PX, face_net::chip_padding);
        if (!(cut.rect.width() > 1 && cut.rect.width() < 4 * FACE_SIDE_PX_MAX))
            return FACE_BAD_ARGUMENT;
        dlib::matrix<dlib::rgb_pixel> chip;
        dlib::extract_image_chip(rgb_view{image}, cut, chip);
        if (chip.nr() != FACE_CHIP_SIDE_PX || chip.nc() != FACE_CHIP_SIDE_PX)
            return FACE_INTERNAL;
        dlib::matrix<float, 0, 1> numbers = context->network(chip);
        if (numbers.size() != FACE_DESCRIPTOR_SIZE)
            return FACE_INTERNAL;
        for (long i = 0; i < FACE_DESCRIPTOR_SIZE; i++) {
            if (!std::isfinite(numbers(i)))
                return FACE_INTERNAL;
            out->values[i] = numbers(i);
        }
        return FACE_OK;
    });
}

float face_distance(const face_descriptor *a, const face_descriptor *b)
{
    double sum = 0;
    for (int i = 0; i < FACE_DESCRIPTOR_SIZE; i++) {
        double difference = static_cast<double>(a->values[i]) - static_cast<double>(b->values[i]);
        sum += difference * difference;
    }
    return static_cast<float>(std::sqrt(sum));
}

const char *face_result_name(face_result result)
{
    static const char *const names[] = {"ok",            "bad_image", "bad_argument", "model_missing",
                                        "model_corrupt", "no_memory", "internal"};
    return static_cast<size_t>(result) < sizeof names / sizeof names[0] ? names[result] : "unknown";
}

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number
const char *face_engine(void)
{
    return "dlib " TEXT_OF(DLIB_MAJOR_VERSION) "." TEXT_OF(DLIB_MINOR_VERSION);
}

const char *face_blas_core(void)
{
    // Looked up at run time: with another BLAS behind libblas.so.3 the symbol does not exist.
    auto name = reinterpret_cast<char *(*)()>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
    return name == nullptr ? "unknown" : name();
}
