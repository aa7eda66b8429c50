// xueying-photo-floor — what a 12-megapixel photo costs at the very least, for `xueying bench photo`: plain libvips
// from JPEG to a 480×640 JPEG, and dlib's bare detector and landmarks on it. No matte, no report, no process border.
//
//   xueying-photo-floor LANDMARKS.dat        then on stdin, one line per request, one line per answer:
//   make PORTRAIT OUT WIDTH HEIGHT           OUT becomes that portrait as a phone would have taken it: so many pixels,
//                                            with sensor noise, JPEG quality 92; answers its size in bytes
//   run FILE TIMES                           answers photos per second, one thread
#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <vips/vips.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>

namespace {

constexpr int detect_edge_px = 640, photo_width_px = 480, photo_height_px = 640, photo_quality = 85;
constexpr int phone_quality = 92;
constexpr double noise_sigma = 2.5;

struct models {
    dlib::shape_predictor landmarks;
    dlib::frontal_face_detector detector;
};

void check(int failed, const char *what)
{
    if (failed != 0)
        throw std::runtime_error(what);
}

std::string read_whole(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (bytes.empty())
        throw std::runtime_error("cannot read " + path);
    return bytes;
}

long make(const std::string &portrait, const std::string &out, int width, int height)
{
    std::string bytes = read_whole(portrait);
    VipsImage *large = nullptr, *noise = nullptr, *sum = nullptr, *whole = nullptr;
    check(vips_thumbnail_buffer(bytes.data(), bytes.size(), &large, width, "height", height, "size", VIPS_SIZE_BOTH,
                                "crop", VIPS_INTERESTING_CENTRE, nullptr),
          "libvips cannot enlarge");
    check(vips_gaussnoise(&noise, width, height, "sigma", noise_sigma, "mean", 0.0, nullptr), "no noise");
    check(vips_add(large, noise, &sum, nullptr), "cannot add the noise");
    check(vips_cast_uchar(sum, &whole, nullptr), "cannot cast");
    whole->Type = VIPS_INTERPRETATION_sRGB;
    check(vips_jpegsave(whole, out.c_str(), "Q", phone_quality, "strip", TRUE, nullptr), "cannot write the photo");
    for (VipsImage *image : {large, noise, sum, whole})
        g_object_unref(image);
    return static_cast<long>(read_whole(out).size());
}

VipsImage *decode(const std::string &file, int width, int height)
{
    VipsImage *image = nullptr, *rgb = nullptr;
    check(vips_thumbnail_buffer(const_cast<char *>(file.data()), file.size(), &image, width, "height", height,
                                nullptr),
          "libvips cannot decode");
    check(vips_colourspace(image, &rgb, VIPS_INTERPRETATION_sRGB, nullptr), "libvips cannot convert");
    g_object_unref(image);
    return rgb;
}

void one(const std::string &file, models &with)
{
    VipsImage *photo = decode(file, photo_width_px, photo_height_px), *held = vips_image_copy_memory(photo);
    void *jpeg = nullptr;
    size_t len = 0;
    check(vips_jpegsave_buffer(held, &jpeg, &len, "Q", photo_quality, "strip", TRUE, nullptr), "libvips cannot encode");
    g_free(jpeg);

    dlib::array2d<dlib::rgb_pixel> pixels(held->Ysize, held->Xsize);
    size_t size = 0;
    auto *bytes = static_cast<unsigned char *>(vips_image_write_to_memory(held, &size));
    memcpy(dlib::image_data(pixels), bytes, size);
    g_free(bytes);
    g_object_unref(held);
    g_object_unref(photo);
    static_assert(photo_height_px == detect_edge_px, "the detector looks at the photo itself");
    auto faces = with.detector(pixels);
    if (faces.empty())
        throw std::runtime_error("the detector finds nobody");
    auto shape = with.landmarks(pixels, faces[0]);
    if (shape.num_parts() != 68)
        throw std::runtime_error("no landmarks");
}

double run(const std::string &path, int times, models &with)
{
    std::string file = read_whole(path);
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < times; i++)
        one(file, with);
    return times / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void answer(const std::string &line, models &with)
{
    std::istringstream words(line);
    std::string verb, file, out;
    int width = 0, height = 0, times = 0;
    words >> verb;
    if (verb == "make" && words >> file >> out >> width >> height)
        std::cout << make(file, out, width, height) << std::endl;
    else if (verb == "run" && words >> file >> times)
        std::cout << run(file, times, with) << std::endl;
    else
        throw std::runtime_error("what is \"" + line + "\"?");
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::cerr << "usage: xueying-photo-floor LANDMARKS.dat\n";
        return 2;
    }
    try {
        check(vips_init(argv[0]), "libvips does not start");
        vips_concurrency_set(1);
        vips_cache_set_max(0);
        models with;
        dlib::deserialize(argv[1]) >> with.landmarks;
        with.detector = dlib::get_frontal_face_detector();
        for (std::string line; std::getline(std::cin, line);)
            answer(line, with);
    } catch (const std::exception &e) {
        std::cerr << "xueying-photo-floor: " << e.what() << "\n";
        return 1;
    }
    return 0;
}
