// Whether the pages of an LMDB file hang together. LMDB itself follows page numbers without a look,
// and writes over those that a damaged list of free ones names.
#pragma once

#include <filesystem>
#include <string_view>

namespace baton::internal::broker::disk {

/// Walks all pages that the newest transaction of `file` has; its meta pages have passed
/// check_file(). Throws Damage, naming the page, unless each is there, is of its kind, is the one
/// that it says, is in use once, and is not free; unless keys rise and counts are right. Of rows it
/// reads no more than their sizes.
void check_pages(std::string_view file);
/// Likewise; a file that is absent or empty passes. Where it is cut off meanwhile, that is a memory
/// fault.
void check_file_pages(const std::filesystem::path& data);

}  // namespace baton::internal::broker::disk
