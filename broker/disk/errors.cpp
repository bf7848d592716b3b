#include "broker/disk/errors.hpp"

#include "broker/disk/in_place.hpp"

namespace baton::internal::broker::disk {

std::string sentence(const std::exception& error, const std::filesystem::path& directory) {
  std::string text = error.what();
  const bool damage = dynamic_cast<const Damage*>(&error) != nullptr;
  if (!damage || text.find(directory.string()) != text.npos) return text;
  return "the data in " + directory.string() + " is damaged: " + text;
}

StorageFailure failure_of(const std::exception& error, const std::filesystem::path& directory) {
  const bool lost = dynamic_cast<const Removed*>(&error) != nullptr;
  return {lost, sentence(error, directory)};
}

}  // namespace baton::internal::broker::disk
