// xueying-face-floor — the bare loop that `xueying bench face` is measured against: libvips decodes, dlib compares,
// nothing between them. No process border, no protocol, no checks, no report.
//
//   xueying-face-floor NETWORK.dat LANDMARKS.dat PHOTO…      then on stdin, per run: "THREADS PAIRS\n"
//
// Answers each run with pairs per second. The same work per photo as the product: decode to a long edge of 960 px, look
// for faces at 480 px (960, doubled, when there is none), 68 landmarks, 150×150 chip from the larger picture, network.
#include "workers/shim/face_net.hh"

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

typedef dlib::array2d<dlib::rgb_pixel> picture;

struct models {
    face_net::network network;
    dlib::shape_predictor landmarks;
    dlib::frontal_face_detector detector;
};

void to_picture(VipsImage *image, picture &out)
{
    VipsImage *rgb = nullptr;
    if (vips_colourspace(image, &rgb, VIPS_INTERPRETATION_sRGB, nullptr) != 0)
        throw std::runtime_error("libvips cannot convert");
    size_t size = 0;
    auto *bytes = static_cast<unsigned char *>(vips_image_write_to_memory(rgb, &size));
    out.set_size(rgb->Ysize, rgb->Xsize);
    memcpy(dlib::image_data(out), bytes, size);
    g_free(bytes);
    g_object_unref(rgb);
}

void decode(const std::string &file, long edge, picture &out)
{
    VipsImage *image = nullptr;
    auto *bytes = const_cast<char *>(file.data());
    if (vips_thumbnail_buffer(bytes, file.size(), &image, static_cast<int>(edge), "height", static_cast<int>(edge),
                              "size", VIPS_SIZE_DOWN, nullptr) != 0)
        throw std::runtime_error("libvips cannot decode");
    to_picture(image, out);
    g_object_unref(image);
}

void reduce(const picture &from, long edge, picture &out)
{
    long longer = std::max(from.nr(), from.nc());
    VipsImage *whole = vips_image_new_from_memory(dlib::image_data(from), static_cast<size_t>(from.size()) * 3,
                                                  static_cast<int>(from.nc()), static_cast<int>(from.nr()), 3,
                                                  VIPS_FORMAT_UCHAR);
    VipsImage *small = nullptr;
    whole->Type = VIPS_INTERPRETATION_sRGB;
    if (vips_resize(whole, &small, static_cast<double>(edge) / static_cast<double>(longer), nullptr) != 0)
        throw std::runtime_error("libvips cannot resize");
    to_picture(small, out);
    g_object_unref(small);
    g_object_unref(whole);
}

bool largest(dlib::frontal_face_detector &detector, const picture &where, double scale, dlib::rectangle &face)
{
    std::vector<dlib::rectangle> found = detector(where);
    if (found.empty())
        return false;
    for (const dlib::rectangle &one : found)
        if (one.area() >= face.area())
            face = one;
    face = dlib::rectangle(static_cast<long>(face.left() * scale), static_cast<long>(face.top() * scale),
                           static_cast<long>(face.right() * scale), static_cast<long>(face.bottom() * scale));
    return true;
}

// The face in the photo as 128 numbers; empty when there is none.
dlib::matrix<float, 0, 1> describe(models &mine, const std::string &file)
{
    picture whole, small;
    decode(file, 960, whole);
    long longer = std::max(whole.nr(), whole.nc());
    dlib::rectangle face;
    bool found = false;
    if (longer > 480) {
        reduce(whole, 480, small);
        found = largest(mine.detector, small, static_cast<double>(longer) / 480, face);
    }
    found = found || largest(mine.detector, whole, 1, face);
    if (!found && std::min(whole.nr(), whole.nc()) < 300) {
        dlib::pyramid_up(whole);
        found = largest(mine.detector, whole, 1, face);
    }
    if (!found)
        return {};
    dlib::matrix<dlib::rgb_pixel> chip;
    dlib::extract_image_chip(whole, dlib::get_face_chip_details(mine.landmarks(whole, face), face_net::chip_side_px,
                                                                face_net::chip_padding), chip);
    return mine.network(chip);
}

double run(std::vector<models> &all, const std::vector<std::string> &photos, size_t threads, long pairs)
{
    std::atomic<long> next{0};
    std::atomic<long> compared{0};
    auto work = [&](models &mine) {
        for (long i; (i = next.fetch_add(1)) < pairs;) {
            auto a = describe(mine, photos[static_cast<size_t>(i) % photos.size()]);
            auto b = describe(mine, photos[static_cast<size_t>(i + 1) % photos.size()]);
            if (a.size() != 0 && b.size() != 0 && dlib::length(a - b) >= 0)
                compared++;
        }
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

std::string read_whole(const char *path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 4 || vips_init(argv[0]) != 0) {
        std::cerr << "usage: xueying-face-floor NETWORK.dat LANDMARKS.dat PHOTO…\n";
        return 2;
    }
    try {
        vips_concurrency_set(1);
        vips_cache_set_max(0);
        std::vector<models> all(2);
        dlib::deserialize(argv[1]) >> all[0].network;
        dlib::deserialize(argv[2]) >> all[0].landmarks;
        all[0].detector = dlib::get_frontal_face_detector();
        all[1] = all[0];
        std::vector<std::string> photos;
        for (int i = 3; i < argc; i++)
            photos.push_back(read_whole(argv[i]));
        size_t threads;
        for (long pairs; std::cin >> threads >> pairs;)
            std::cout << run(all, photos, std::min<size_t>(threads, all.size()), pairs) << std::endl;
    } catch (const std::exception &e) {
        std::cerr << "xueying-face-floor: " << e.what() << "\n";
        return 1;
    }
    return 0;
}
