// Naive models of what is promised, written apart from the broker and the clients: they hear what
// the users do, what the storage is told and what goes over the wire, and object.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "printer/printer_session.hpp"
#include "proto/message.hpp"
#include "tests/simulation/world.hpp"

namespace baton::internal::simulation {

/// What ends the process that begins to work on it.
inline bool is_poison(std::string_view body) { return body.starts_with("poison "); }

/// Who may take items.
using User = std::string;

/// A broker's life, from its start to its death: they are counted from 1.
using Life = std::uint64_t;

/// What producers put: over all lives of the broker. Of each name there are many processes, one
/// after the other or at once, whose inputs may be the same or not: a number is what was stored
/// under it.
class PutJudge {
 public:
  /// `durable`: what is confirmed outlives the broker. `all_notices`: there is room for them.
  PutJudge(bool durable, bool all_notices) : durable_(durable), all_notices_(all_notices) {}

  struct Put {
    std::string queue, body;
    std::uint8_t priority = 0;
    std::uint32_t delay_ms = 0;
    Life stored_in = 0;    ///< the last life that has stored it
    Life confirmed = 0;    ///< the life that told its producer so; 0: none
    Life settled = 0;      ///< the last life in which it was done or dead
    bool dead = false;     ///< settled that way
    bool dropped = false;  ///< ... and not kept, to make room for those that died later
  };

  /// A process of this name begins: the broker has items up to `before` of the ones before. `life`:
  /// of the broker that has said so; when that was before the newest one's, it is told late, and
  /// puts nothing.
  void begins(const std::string& producer, const std::string& process, SeqNo before, Life life);
  /// It is welcomed again: if another one was meanwhile, that one has put nothing, and is the one
  /// to go.
  void goes_on(const std::string& producer, const std::string& process, Life life) {
    if (life >= newest_[producer].welcomed) newest_[producer] = {process, life};
  }
  /// Where its user told it to begin again, whatever was put before: the lines that are left out.
  using Anew = std::optional<std::vector<std::string>>;
  void put(const std::string& producer, const std::string& process, SeqNo number, Life life,
           const std::string& queue, const PutItem& item, const Anew& anew);
  /// A broker takes an item in.
  const Put& stored(Life life, const std::string& producer, SeqNo number, std::string_view body);

  // Of a durable broker: no line is left out that was not put, none is put twice.
  /// All of this input is in; its last item is `last`.
  void put_whole(const std::string& producer, const std::vector<std::string>& input,
                 SeqNo last) const;
  /// A process says that its input is not the one of which there are items up to `before`.
  void refused(const std::string& producer, const std::vector<std::string>& input,
               SeqNo before) const;
  void settled(Life life, const std::string& producer, SeqNo number, bool dead);
  /// It was dead, and its broker does not keep it any more.
  void dropped(const std::string& producer, SeqNo number) {
    puts_[producer][number].dropped = true;
  }
  /// The producer was told that everything up to `number` is kept.
  void confirmed(const std::string& producer, SeqNo number, Life life);

  /// Of one name: what a disk has, when a broker begins with it.
  struct Loaded {
    SeqNo received;
    std::map<SeqNo, bool> items;  ///< whether each is dead
  };
  /// A durable broker begins. `counts_lost`: counts of what was done may be behind, since the
  /// disk was full.
  void loads(Life life, const std::map<std::string, Loaded>& disk, bool counts_lost);
  /// The durable broker has said that all up to `number` is kept: a confirm, or a welcome that
  /// goes on after it.
  void promised(const std::string& producer, SeqNo number);
  /// The broker has said to the producer that so many of its items are done or dead.
  void counted(const std::string& producer, std::uint64_t settled);

  struct Told {
    std::uint64_t done = 0, dead = 0, lost = 0, notices = 0;
  };
  /// A producer that waited for its items ends, in `life`: `before` had been put when it began,
  /// `last` is its last one, `earlier` is what it was told of items in earlier lives when it heard
  /// of each of these last.
  void joined(const std::string& producer, Life life, SeqNo before, SeqNo last, const Told& told,
              const Told& earlier) const;
  /// A producer closes: all that it put, up to `last`, is in, and was kept as long as its broker
  /// lived.
  void closed(const std::string& producer, Life life, SeqNo last);

 private:
  void loads(Life life, const std::string& producer, const Loaded& disk);
  void joined_stored(const std::string& producer, Life life, SeqNo last, const Told& told) const;
  std::vector<std::string> input_up_to(const std::string& producer, SeqNo last) const;

  const bool durable_, all_notices_;
  bool counts_lost_ = false;
  std::map<std::string, SeqNo> promised_;             // by producer
  std::map<std::string, std::uint64_t> counted_;      // by producer
  std::map<std::string, std::map<SeqNo, Put>> puts_;  // by producer
  struct Offer {
    std::string process;
    Put put;
    Anew anew;
  };
  std::map<std::string, std::map<SeqNo, std::vector<Offer>>> offers_;  // by any process of the name
  std::map<std::string, std::map<SeqNo, Anew>> begun_;  // where an input began that is stored
  struct Newest {
    std::string process;
    Life welcomed = 0;
  };
  std::map<std::string, Newest> newest_;    // of each name
  std::map<std::string, SeqNo> confirmed_;  // by producer: to the present process
  std::map<std::pair<Life, std::string>, std::pair<SeqNo, SeqNo>>
      in_;  // first and last number of each in each life
};

/// Console lines: "SAYER#COUNT ...".
class ConsoleJudge {
 public:
  /// Returns the block that says `text`.
  std::string print(const std::string& writer, const std::string& text);
  /// A control message of the writer: which of its numbers are lines.
  void sent(std::string_view frame);
  /// The broker has the session's control stream up to `number`.
  void confirmed(const std::string& writer, const SessionId& session, SeqNo number);
  /// The writer has its first session with the broker of `life`.
  void stands(const std::string& writer, Life life);
  /// The writer's session ended as it wished: all it said is in.
  void ended(const std::string& writer, Life life) { ended_[writer] = life; }

  /// Printers stay connected and read: nothing is dropped before they have it.
  void expect_all() { all_ = true; }
  void printed(const std::string& printer, Life life, const ConsoleBlock& block);
  /// What the broker of `life` sends its printers.
  void told(Life life, const Header& header, std::string_view payload);
  /// `complete`: nothing may be missing in the last life, of all printers together.
  void check_end(Life last, bool complete) const;

 private:
  using Log = std::map<std::uint64_t, std::string>;  // by the number of the first part
  struct Part {
    std::string text;
    bool goes_on = false;
  };
  void printed_once(const std::string& printer, Life life, std::string_view block);
  bool passed(Life life, std::uint64_t number) const;
  bool printed_before(Life life, const std::string& writer, std::uint64_t count) const;
  void check(Life life, const Log& log, bool complete,
             std::map<std::string, std::uint64_t>& heard) const;

  bool all_ = false;
  std::map<std::string, std::vector<std::string>> texts_;  // by writer
  struct Line {
    std::uint64_t count = 0;
    bool goes_on = false;
  };
  std::map<SessionId, std::map<SeqNo, Line>>
      lines_;  // by session and control number: a line, or a part of one
  std::map<std::string, std::uint64_t> confirmed_;  // by writer: so many lines are in
  std::map<SessionId, SeqNo> confirmed_up_to_;      // of its control stream
  std::map<std::pair<std::string, Life>, std::uint64_t>
      confirmed_before_;  // ... when its first session in the life began
  std::map<std::string, Life> ended_;
  std::map<Life, Log> logs_;
  std::map<Life, std::map<std::uint64_t, Part>>
      told_;  // by number; of a part the block's first one
  std::map<std::pair<std::string, std::string>, std::uint64_t>
      seen_;  // by printer and writer: the last count printed
  std::map<std::pair<std::string, std::uint64_t>, Life>
      first_in_;  // by writer and count: the life it was printed in
  std::map<std::pair<std::string, Life>, std::uint64_t>
      last_;  // by printer: the last number that it printed
};

}  // namespace baton::internal::simulation
