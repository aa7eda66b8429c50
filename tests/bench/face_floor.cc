// xueying-face-floor — what `xueying bench face` is measured against: a loop as one writes it, around Debian's libvips,
// dlib and OpenBLAS as they come. No process border, no protocol, no checks, no report.
//
//   xueying-face-floor NETWORK.dat NUMBERS.net LANDMARKS.net DLIB68.dat PHOTO…     then on stdin, one line each:
//
//     run THREADS PAIRS COUNT → pairs per second over the first COUNT photos
//     compare                 → "WORST SAME_VERDICTS SAME_BANDS PAIRS": the product's own code beside the loop (below)
//
//     pixels FOLDER COUNT     → "COUNT": the first COUNT photos as FOLDER/0.ppm …, decoded as the loop decodes them
//
// Per photo: libvips decodes to a long edge of 640 px, dlib looks for faces in all of it (doubled, when there is none
// and the photo is small), 68 landmarks, 150×150 chip, dlib's own forward pass.
//
// "compare" takes every pair of photos. WORST: how far the distances of our descriptor and of dlib's own forward pass
// on the same chip are apart, at most. SAME_VERDICTS: pairs on which the product's pipeline and the loop agree whether
// it is one person (0.6, dlib's threshold). SAME_BANDS: pairs that lie in the same of the product's three bands.
#include "workers/shim/face_net.hh"

extern "C" {
#include "base/crypt.h"
#include "workers/compare.h"
#include "workers/describe.h"
#include "workers/image.h"
}

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <vips/vips.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int edge_px = 640;
constexpr long double_below_px = 300;
constexpr double one_person = 0.6;

typedef dlib::array2d<dlib::rgb_pixel> picture;
using face_net::chip_pixels;
using face_net::numbers;

struct models {
    face_net::network network;
    dlib::shape_predictor landmarks;
    dlib::frontal_face_detector detector;
};

[[noreturn]] void fail(const std::string &why)
{
    throw std::runtime_error(why);
}

void decode(const std::string &file, picture &out)
{
    VipsImage *image = nullptr, *rgb = nullptr;
    auto *bytes = const_cast<char *>(file.data());
    if (vips_thumbnail_buffer(bytes, file.size(), &image, edge_px, "height", edge_px, "size", VIPS_SIZE_DOWN,
                              nullptr) != 0 ||
        vips_colourspace(image, &rgb, VIPS_INTERPRETATION_sRGB, nullptr) != 0)
        fail("libvips cannot decode");
    size_t size = 0;
    auto *pixels = static_cast<unsigned char *>(vips_image_write_to_memory(rgb, &size));
    out.set_size(rgb->Ysize, rgb->Xsize);
    memcpy(dlib::image_data(out), pixels, size);
    g_free(pixels);
    g_object_unref(rgb);
    g_object_unref(image);
}

bool largest(dlib::frontal_face_detector &detector, const picture &where, dlib::rectangle &face)
{
    for (const dlib::rectangle &one : detector(where))
        if (one.area() >= face.area())
            face = one;
    return !face.is_empty();
}

// False when there is no face.
bool cut_chip(models &mine, const std::string &file, chip_pixels &chip)
{
    picture whole;
    dlib::rectangle face;
    decode(file, whole);
    if (!largest(mine.detector, whole, face)) {
        if (std::min(whole.nr(), whole.nc()) >= double_below_px)
            return false;
        dlib::pyramid_up(whole);
        if (!largest(mine.detector, whole, face))
            return false;
    }
    dlib::extract_image_chip(
        whole, dlib::get_face_chip_details(mine.landmarks(whole, face), face_net::chip_side_px, face_net::chip_padding),
        chip);
    return true;
}

double run(std::vector<models> &all, const std::vector<std::string> &photos, size_t threads, long pairs,
           size_t count)
{
    std::atomic<long> next{0}, compared{0};
    auto work = [&](models &mine) {
        chip_pixels a, b;
        for (long i; (i = next.fetch_add(1)) < pairs;)
            if (cut_chip(mine, photos[static_cast<size_t>(i) % count], a) &&
                cut_chip(mine, photos[static_cast<size_t>(i + 1) % count], b) &&
                dlib::length(mine.network.describe(a) - mine.network.describe(b)) >= 0)
                compared++;
        vips_thread_shutdown();
    };
    auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (size_t i = 0; i < threads; i++)
        workers.emplace_back(work, std::ref(all[i]));
    for (std::thread &worker : workers)
        worker.join();
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return compared == pairs ? static_cast<double>(pairs) / seconds.count() : 0;
}

// ---- the product's code beside the loop ----

struct product {
    face_context *context = nullptr;
    describe_model *describe = nullptr;
    describe_scratch *scratch = nullptr;
};

// One photo, three ways: the loop, our descriptor on the loop's chip, the product's whole pipeline.
struct described {
    numbers loop, same_chip, product;
};

numbers from_array(const float *values)
{
    numbers out(DESCRIBE_SIZE);
    std::copy_n(values, DESCRIBE_SIZE, out.begin());
    return out;
}

bool describe_all_ways(models &mine, product &ours, const std::string &file, described &out)
{
    chip_pixels chip;
    compare_side side = {};
    compare_timings spent = {};
    if (compare_look(ours.context, file.data(), file.size(), &side, &spent) != ERR_NONE || side.error != ERR_NONE)
        return false;
    bool found = cut_chip(mine, file, chip);
    if (found != (side.people > 0))
        fail("one side finds a face where the other finds none");
    if (!found)
        return false;
    float values[DESCRIBE_SIZE];
    describe_run(ours.describe, ours.scratch, reinterpret_cast<const uint8_t *>(&chip(0, 0)), values);
    out = {mine.network.describe(chip), from_array(values), from_array(side.descriptor.values)};
    return true;
}

int band(double distance)
{
    return distance < COMPARE_MATCH_DEFAULT ? 0 : distance <= COMPARE_MISMATCH_DEFAULT ? 1 : 2;
}

void compare(models &mine, product &ours, const std::vector<std::string> &photos)
{
    std::vector<described> all;
    for (const std::string &file : photos) {
        described one;
        if (describe_all_ways(mine, ours, file, one))
            all.push_back(one);
    }
    double worst = 0;
    long pairs = 0, verdicts = 0, bands = 0;
    for (size_t i = 0; i < all.size(); i++)
        for (size_t j = 0; j < i; j++, pairs++) {
            double loop = dlib::length(all[i].loop - all[j].loop);
            double product = dlib::length(all[i].product - all[j].product);
            worst = std::max(worst, std::abs(loop - dlib::length(all[i].same_chip - all[j].same_chip)));
            verdicts += (loop < one_person) == (product < one_person);
            bands += band(loop) == band(product);
        }
    std::cout << worst << ' ' << verdicts << ' ' << bands << ' ' << pairs << std::endl;
}

product product_load(const char *numbers_path, const char *landmarks_path)
{
    product ours;
    face_models *loaded = nullptr; // lives as long as the process
    char why[FACE_WHY_BYTES];
    face_files files = {numbers_path, landmarks_path, nullptr};
    if (face_models_load(&files, &loaded, why) != FACE_OK || face_context_new(loaded, &ours.context) != FACE_OK ||
        describe_load(numbers_path, &ours.describe, why) != ERR_NONE ||
        (ours.scratch = describe_scratch_new()) == nullptr)
        fail(why);
    return ours;
}

std::string read_whole(const char *path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_pixels(const std::vector<std::string> &photos, const std::string &folder, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        picture pixels;
        decode(photos[i], pixels);
        std::ofstream out(folder + "/" + std::to_string(i) + ".ppm", std::ios::binary);
        out << "P6 " << pixels.nc() << ' ' << pixels.nr() << " 255\n";
        out.write(static_cast<const char *>(dlib::image_data(pixels)), static_cast<std::streamsize>(pixels.size()) * 3);
        if (!out.flush())
            fail("cannot write into " + folder);
    }
    std::cout << count << std::endl;
}

void serve(char **paths, const std::vector<std::string> &photos)
{
    std::vector<models> all(2);
    for (models &one : all) {
        one.network.load(paths[0]);
        dlib::deserialize(paths[3]) >> one.landmarks;
        one.detector = dlib::get_frontal_face_detector();
    }
    product ours = product_load(paths[1], paths[2]);
    size_t threads, count;
    long pairs;
    std::string folder;
    for (std::string what; std::cin >> what;) {
        if (what == "run" && std::cin >> threads >> pairs >> count)
            std::cout << run(all, photos, std::min(threads, all.size()), pairs, std::min(count, photos.size()))
                      << std::endl;
        else if (what == "pixels" && std::cin >> folder >> count)
            write_pixels(photos, folder, std::min(count, photos.size()));
        else if (what == "compare")
            compare(all[0], ours, photos);
    }
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 6 || vips_init(argv[0]) != 0) {
        std::cerr << "usage: xueying-face-floor NETWORK.dat NUMBERS.net LANDMARKS.net DLIB68.dat PHOTO…\n";
        return 2;
    }
    try {
        crypt_start();
        vips_concurrency_set(1);
        vips_cache_set_max(0);
        std::vector<std::string> photos;
        for (int i = 5; i < argc; i++)
            photos.push_back(read_whole(argv[i]));
        serve(argv + 1, photos);
    } catch (const std::exception &e) {
        std::cerr << "xueying-face-floor: " << e.what() << "\n";
        return 1;
    }
    return 0;
}
