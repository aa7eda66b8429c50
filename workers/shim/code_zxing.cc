// The only translation unit of the product that sees zxing-cpp. See code.h for the contract.
#include "workers/shim/code.h"

#define ZX_USE_UTF8
#include <ZXing/ReadBarcode.h>
#include <ZXing/ZXVersion.h>

#include <cstring>
#include <new>

namespace {

// Every entry runs in here: whatever C++ throws becomes a result.
template <typename action> code_result guarded(action &&run) noexcept
{
    try {
        return run();
    } catch (const std::bad_alloc &) {
        return CODE_NO_MEMORY;
    } catch (...) {
        return CODE_INTERNAL;
    }
}

bool usable(const code_view *view)
{
    return view != nullptr && view->grey != nullptr && view->width_px > 0 && view->height_px > 0 &&
           view->width_px <= CODE_SIDE_PX_MAX && view->height_px <= CODE_SIDE_PX_MAX;
}

void keep(const ZXing::Result &found, code_symbols *out)
{
    const ZXing::ByteArray &bytes = found.bytes();
    if (!found.isValid() || bytes.empty() || bytes.size() > CODE_PAYLOAD_BYTES_MAX || out->count >= CODE_SYMBOLS_MAX)
        return;
    code_symbol &symbol = out->items[out->count++];
    symbol.len = bytes.size();
    std::memcpy(symbol.payload, bytes.data(), bytes.size());
    for (int i = 0; i < 4; i++)
        symbol.corners[i] = {found.position()[i].x, found.position()[i].y};
    symbol.is_part = found.isPartOfSequence();
}

} // namespace

code_result code_find(const code_view *view, bool thorough, code_symbols *out)
{
    out->count = 0;
    if (!usable(view))
        return CODE_BAD_IMAGE;
    return guarded([&] {
        ZXing::DecodeHints hints;
        hints.setFormats(ZXing::BarcodeFormat::QRCode);
        hints.setTryHarder(true);
        hints.setTryRotate(true);
        hints.setTryDownscale(thorough);
        hints.setMaxNumberOfSymbols(CODE_SYMBOLS_MAX);
        const ZXing::ImageView pixels(view->grey, view->width_px, view->height_px, ZXing::ImageFormat::Lum);
        for (const ZXing::Result &found : ZXing::ReadBarcodes(pixels, hints))
            keep(found, out);
        return CODE_OK;
    });
}

#define TEXT_OF(number) #number
#define VERSION(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *code_engine(void)
{
    return "zxing-cpp " VERSION(ZXING_VERSION_MAJOR, ZXING_VERSION_MINOR, ZXING_VERSION_PATCH);
}
