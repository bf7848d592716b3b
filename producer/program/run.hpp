// One run of the producer program: puts what the settings name, one item after another.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cli/screen.hpp"
#include "producer/program/settings.hpp"

namespace baton::internal {

/// The input of a named producer differs from what an earlier process of the name has put.
class OtherInput : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class ProducerRun {
 public:
  /// All must outlive it.
  ProducerRun(const ProducerSettings& settings, Producer& producer, StopSignals& signals,
              Screen& screen)
      : settings_(settings), producer_(producer), signals_(signals), screen_(screen) {}

  /// Throws InputError, OtherInput, and Error (stopped).
  void put_all();
  std::uint64_t items_put() const { return put_; }
  bool input_complete() const { return input_complete_; }

 private:
  /// Where an item comes from: a line of `source`, or an ITEM.
  struct Place {
    std::string_view source;
    std::size_t number = 0;  ///< from 1
    bool line = false;
    std::string text() const;
  };

  void check_items() const;
  void put_item(std::size_t i);
  std::string word(std::size_t i) const;
  void put_whole(const std::string& path, const Place& place);
  std::string after_those_put() const;
  void put_lines(const std::string& path);
  void put_line(std::string line, const std::string& source, std::size_t number);
  std::string body_of_line(std::string line, const Place& place) const;
  void put(const std::string& body, const Place& place);
  bool is_in(const std::string& body, const Place& place);
  void end_of_input();
  [[noreturn]] void refuse(const std::string& why) const;
  bool left_out(const Place& place) const { return place.number < settings_.from; }

  const ProducerSettings& settings_;
  Producer& producer_;
  StopSignals& signals_;
  Screen& screen_;
  std::optional<baton::Input> input_;  // of a named producer
  std::string same_until_, last_;      // places: of the last matched checkpoint / item put before
  std::uint64_t left_out_ = 0;         // items before the first line to put
  std::uint64_t in_ = 0;               // items put by earlier processes
  std::uint64_t put_ = 0;
  bool input_complete_ = false;
};

}  // namespace baton::internal
