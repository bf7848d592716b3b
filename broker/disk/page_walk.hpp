// Checks how the pages of an LMDB file refer to each other. LMDB itself follows page numbers
// without a check, and overwrites pages that a damaged free list names.
#pragma once

#include <filesystem>
#include <string_view>

namespace baton::internal::broker::disk {

/// Walks all pages of the newest transaction of `file`, whose meta pages have passed check_file().
/// Throws Damage, naming the page, unless each page exists, has the right kind and its own number,
/// is used once and is not free, and unless keys rise and counts are right. Of rows it reads only
/// the sizes.
void check_pages(std::string_view file);
/// The same for a file by name; one that is absent or empty passes. If it is truncated meanwhile,
/// that is a memory fault.
void check_file_pages(const std::filesystem::path& data);

}  // namespace baton::internal::broker::disk
