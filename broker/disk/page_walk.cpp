#include "broker/disk/page_walk.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "broker/disk/database.hpp"
#include "broker/disk/lmdb_layout.hpp"

namespace baton::internal::broker::disk {
namespace {

using namespace lmdb;

[[noreturn]] void damaged(std::uint64_t page, const char* how) {
  throw Damage("page " + std::to_string(page) + " of baton.mdb " + how);
}

struct Tree {
  explicit Tree(const char* raw)
      : flags(load<std::uint16_t>(raw + flags_at)),
        depth(load<std::uint16_t>(raw + depth_at)),
        branches(load<std::uint64_t>(raw + branches_at)),
        leaves(load<std::uint64_t>(raw + leaves_at)),
        overflows(load<std::uint64_t>(raw + overflows_at)),
        entries(load<std::uint64_t>(raw + entries_at)),
        root(load<std::uint64_t>(raw + root_at)) {}

  std::uint16_t flags, depth;
  std::uint64_t branches, leaves, overflows, entries, root;
};

struct Page {
  std::uint64_t number;
  std::string_view bytes;

  std::size_t room_begin() const { return load<std::uint16_t>(&bytes[room_begin_at]); }
  std::size_t room_end() const { return load<std::uint16_t>(&bytes[room_end_at]); }
  std::size_t nodes() const { return (room_begin() - page_header) / 2; }
  bool is_of(Kind kind) const {
    return load<std::uint64_t>(bytes.data()) == number &&
           load<std::uint16_t>(&bytes[kind_at]) == kind;
  }
};

struct Node {
  const char* at;
  std::string_view key, rest;  // `rest`: the rest of its page after the key

  std::uint16_t flags() const { return load<std::uint16_t>(at + node_flags_at); }
  std::uint32_t size() const { return load<std::uint32_t>(at); }
  std::uint64_t child() const { return size() | std::uint64_t{flags()} << 32; }
};

class PageWalk {
 public:
  PageWalk(std::string_view file, const Meta& meta) : file_(file), meta_(meta) {}

  /// `raw`: the meta page's bytes. Whether its number is that of the transaction: each transaction
  /// except the first frees pages under its number.
  bool is_of_its_transaction(const char* raw) const {
    const Tree free(raw + free_at);
    return meta_.transaction <= first_transaction ||
           (free.root != no_page && highest_key(free) == meta_.transaction);
  }

  void run(const char* raw) {
    in_use_.resize(meta_.last_page + 1);
    walk(Tree(raw + main_at), Content::databases);
    for (const auto& raw_tree : databases_) walk(Tree(raw_tree.data()), Content::rows);
    walk(Tree(raw + free_at), Content::free_pages);
    for (const auto& list : free_) check_free(list);
  }

 private:
  enum class Content : std::uint8_t { databases, rows, free_pages };
  struct FreeList {
    std::uint64_t page;  // its place
    std::string_view bytes;
  };

  static constexpr std::uint64_t first_transaction = 1;

  static std::uint16_t flags_of(Content content) {
    if (content == Content::databases) return 0;
    return content == Content::rows ? integer_keys : integer_keys | one_file;
  }

  std::uint64_t highest_key(const Tree& tree) const {
    auto number = tree.root;
    for (auto depth = tree.depth;; --depth) {
      const auto page = page_of(number, depth);
      const auto last = node_of(page, page.nodes() - 1);
      if (depth == 1) return number_in(page, last);
      number = last.child();
    }
  }

  void walk(const Tree& tree, Content content) {
    if (tree.flags != flags_of(content)) damaged(tree.root, "begins a tree of another kind");
    branches_ = leaves_ = overflows_ = entries_ = 0;
    lowest_ = 0;
    content_ = content;
    if (tree.depth > deepest) damaged(tree.root, "begins a tree that is too deep");
    if (tree.root != no_page) walk_page(tree.root, tree.depth);
    if (branches_ != tree.branches || leaves_ != tree.leaves || overflows_ != tree.overflows ||
        entries_ != tree.entries)
      damaged(tree.root, "begins a tree that is not all there");
  }

  void walk_page(std::uint64_t number, std::uint16_t depth) {
    use(number);
    const auto page = page_of(number, depth);
    ++(depth > 1 ? branches_ : leaves_);
    for (std::size_t i = 0; i < page.nodes(); ++i) {
      const auto node = node_of(page, i);
      if (depth == 1) {
        leaf_node(page, node);
      } else {
        if (i > 0) lowest_ = key_of(page, node);  // the first node's key is unused
        walk_page(node.child(), static_cast<std::uint16_t>(depth - 1));
      }
    }
  }

  Page page_of(std::uint64_t number, std::uint16_t depth) const {
    if (depth == 0) damaged(number, "is deeper than its tree");
    const auto page = look(number);
    if (!page.is_of(depth > 1 ? branch : leaf)) damaged(number, "is not what was written there");
    if (page.room_begin() <= page_header || page.room_begin() > page.room_end() ||
        page.room_end() > meta_.page_size)
      damaged(number, "has a damaged header");
    return page;
  }

  Node node_of(const Page& page, std::size_t index) const {
    const std::size_t at = load<std::uint16_t>(&page.bytes[page_header + 2 * index]);
    if (at < page.room_end() || at + node_header > page.bytes.size())
      damaged(page.number, "has a damaged place");
    const auto rest = page.bytes.substr(at + node_header);
    const std::size_t key_size = load<std::uint16_t>(&page.bytes[at + key_size_at]);
    if (key_size > rest.size()) damaged(page.number, "has a damaged key");
    return {&page.bytes[at], rest.substr(0, key_size), rest.substr(key_size)};
  }

  static std::uint64_t number_in(const Page& page, const Node& node) {
    if (node.key.size() != sizeof(std::uint64_t)) damaged(page.number, "has a damaged key");
    return load<std::uint64_t>(node.key.data());
  }

  /// Keys rise from leaf to leaf, and keys in branches lie between them.
  std::uint64_t key_of(const Page& page, const Node& node) const {
    if (content_ == Content::databases) return 0;  // names, all in one leaf
    const auto key = number_in(page, node);
    if (key < lowest_) damaged(page.number, "has keys that do not rise");
    return key;
  }

  void leaf_node(const Page& page, const Node& node) {
    ++entries_;
    const auto key = key_of(page, node);
    lowest_ = key + 1;
    if (node.flags() != (content_ == Content::databases ? database : node.flags() & in_overflow))
      damaged(page.number, "has a damaged row");
    const auto value = value_of(page, node);
    if (content_ == Content::databases) {
      if (value.size() != database_size) damaged(page.number, "has a damaged database");
      databases_.push_back(value);
    } else if (content_ == Content::free_pages) {
      if (key == 0 || key > meta_.transaction) damaged(page.number, "has a damaged key");
      free_.push_back({page.number, value});
    }
  }

  std::string_view value_of(const Page& page, const Node& node) {
    const std::size_t size = node.size();
    if (!(node.flags() & in_overflow)) {
      if (size > node.rest.size()) damaged(page.number, "has a row that is too long");
      return node.rest.substr(0, size);
    }
    if (node.rest.size() < sizeof(std::uint64_t)) damaged(page.number, "has a damaged row");
    return long_value(load<std::uint64_t>(node.rest.data()), size);
  }

  std::string_view long_value(std::uint64_t number, std::size_t size) {
    use(number);
    const auto first = look(number);
    const std::uint64_t length = load<std::uint32_t>(&first.bytes[length_at]);
    if (!first.is_of(overflow) || length * meta_.page_size < page_header + size)
      damaged(number, "is not what was written there");
    for (std::uint64_t i = 1; i < length; ++i) use(number + i);
    if ((number + length) * meta_.page_size > file_.size()) damaged(number, "is cut off");
    overflows_ += length;
    return file_.substr(number * meta_.page_size + page_header, size);
  }

  Page look(std::uint64_t number) const {
    if (number > meta_.last_page || (number + 1) * meta_.page_size > file_.size())
      damaged(number, "is missing");
    return {number, file_.substr(number * meta_.page_size, meta_.page_size)};
  }

  void use(std::uint64_t number) {
    if (number < meta_pages || number > meta_.last_page)
      damaged(number, "is named and does not exist");
    if (in_use_[number]) damaged(number, "is in use, and is used again or free");
    in_use_[number] = true;
  }

  /// The list has its length, then page numbers, the highest first.
  void check_free(const FreeList& list) {
    const auto count = list.bytes.size() < sizeof(std::uint64_t)
                           ? UINT64_MAX
                           : load<std::uint64_t>(list.bytes.data());
    if (count >= list.bytes.size() / sizeof(std::uint64_t))
      damaged(list.page, "has a damaged list of free pages");
    auto before = UINT64_MAX;
    for (std::uint64_t i = 1; i <= count; ++i) {
      const auto number = load<std::uint64_t>(&list.bytes[i * sizeof(std::uint64_t)]);
      if (number >= before) damaged(list.page, "has a damaged list of free pages");
      use(before = number);
    }
  }

  const std::string_view file_;
  const Meta meta_;
  std::vector<bool> in_use_;  // in a tree, or free
  std::vector<std::string_view> databases_;
  std::vector<FreeList> free_;

  // The tree being walked.
  Content content_ = Content::databases;
  std::uint64_t branches_ = 0, leaves_ = 0, overflows_ = 0, entries_ = 0;
  std::uint64_t lowest_ = 0;  // bound for the next key
};

class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat file {};
    if (fd >= 0 && fstat(fd, &file) == 0 && file.st_size > 0) {
      size_ = static_cast<std::size_t>(file.st_size);
      at_ = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
    }
    if (fd >= 0) ::close(fd);
  }
  ~MappedFile() {
    if (at_ != MAP_FAILED) munmap(at_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const {
    return at_ == MAP_FAILED ? std::string_view{}
                             : std::string_view(static_cast<const char*>(at_), size_);
  }

 private:
  void* at_ = MAP_FAILED;
  std::size_t size_ = 0;
};

}  // namespace

void check_pages(std::string_view file) {
  const auto metas = read_metas([file](std::uint64_t at, char* raw) {
    return file.substr(std::min<std::uint64_t>(at, file.size())).copy(raw, meta_size) == meta_size;
  });
  if (!metas) throw Damage("baton.mdb has a damaged meta page");
  const auto& [first, second] = *metas;
  PageWalk walks[] = {PageWalk(file, first), PageWalk(file, second)};
  const char* const raws[] = {&file[page_header], &file[first.page_size + page_header]};
  // Both must be checked: a damaged number can make the older page pass for the newer one, or the
  // other way round.
  for (const auto i : {0, 1})
    if (!walks[i].is_of_its_transaction(raws[i]))
      damaged(static_cast<std::uint64_t>(i), "has another transaction's number");
  const auto newest = second.transaction > first.transaction ? 1 : 0;
  walks[newest].run(raws[newest]);
}

void check_file_pages(const std::filesystem::path& data) {
  const MappedFile file(data);
  if (!file.bytes().empty()) check_pages(file.bytes());
}

}  // namespace baton::internal::broker::disk
