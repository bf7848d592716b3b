#include "proto/input_chain.hpp"

#include <sodium.h>

#include <string>

#include "proto/bytes.hpp"

namespace baton::internal {
namespace {

Digest digest_of(std::string_view before, std::string_view body) {
  Digest digest;
  crypto_generichash_state state;
  const auto add = [&state](std::string_view bytes) {
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(bytes.data()),
                              bytes.size());
  };
  std::string length;
  append(length, std::uint64_t{body.size()});
  crypto_generichash_init(&state, nullptr, 0, digest.size());
  add(before);
  add(length);
  add(body);
  crypto_generichash_final(&state, digest.data(), digest.size());
  return digest;
}

}  // namespace

InputChain::InputChain(std::string_view queue) : at_{0, digest_of({}, queue)} {}

void InputChain::add(std::string_view body) {
  at_.digest =
      digest_of({reinterpret_cast<const char*>(at_.digest.data()), at_.digest.size()}, body);
  ++at_.items;
}

}  // namespace baton::internal
