#include "main/loop/file_watch.hpp"

#include "test/fifo/fifo_fixture.hpp"

#include <sys/inotify.h>

#include <optional>

namespace container_agent::test {

namespace {

using runtime::file_watch;

class fifo_watch_test : public fifo_fixture {
public:
  int changes = 0;
  std::filesystem::path home = dir / "home";
  file_watch::subscription subscription;

  fifo_watch_test() {
    path = home / "claude.fifo";
    std::filesystem::create_directory(home);
  }

  void watch_it() {
    subscription = watch.watch_path(path.string(), [this] { ++changes; });
  }

  // What has happened since the last call.
  int seen() {
    loop.run_ready();
    return std::exchange(changes, 0);
  }
};

TEST_F(fifo_watch_test, a_name_that_comes_goes_or_moves_is_told) {
  watch_it();
  EXPECT_EQ(seen(), 0);
  make_fifo(path);
  EXPECT_EQ(seen(), 1);
  ::unlink(path.c_str());
  EXPECT_EQ(seen(), 1);
  write_file(home / "other", "");
  EXPECT_EQ(seen(), 0);
  std::filesystem::rename(home / "other", path);
  EXPECT_EQ(seen(), 1);
  std::filesystem::rename(path, home / "other");
  EXPECT_EQ(seen(), 1);
}

TEST_F(fifo_watch_test, many_changes_at_once_are_one) {
  watch_it();
  for (int i = 0; i < 100; ++i) {
    make_fifo(path);
    ::unlink(path.c_str());
  }
  EXPECT_EQ(seen(), 1);
}

TEST_F(fifo_watch_test, other_names_and_use_are_not_told) {
  make_fifo(path);
  watch_it();
  make_fifo(home / "other.fifo");
  auto reader = open_fifo_reader(path);
  auto writer = try_open_fifo_writer(path);
  ASSERT_TRUE(writer);
  EXPECT_EQ(::write(writer->get(), "x", 1), 1);
  EXPECT_EQ(read_now(reader.get()), "x");
  EXPECT_EQ(seen(), 0);
}

TEST_F(fifo_watch_test, use_wakes_nobody_up) {
  make_fifo(path);
  watch_it();
  loop.run_ready();
  auto reader = open_fifo_reader(path);
  auto writer = try_open_fifo_writer(path);
  EXPECT_EQ(::write(writer->get(), "x", 1), 1);
  writer->reset();
  EXPECT_EQ(loop.run_ready(), 0u);
}

TEST_F(fifo_watch_test, a_directory_made_again_is_watched_again) {
  watch_it();
  for (int i = 0; i < 3; ++i) {
    std::filesystem::remove_all(home);
    EXPECT_GE(seen(), 1);
    std::filesystem::create_directory(home);
    EXPECT_GE(seen(), 1);
    make_fifo(path);
    EXPECT_EQ(seen(), 1);
  }
}

TEST_F(fifo_watch_test, so_is_one_that_was_moved_away) {
  watch_it();
  std::filesystem::rename(home, dir / "away");
  EXPECT_GE(seen(), 1);
  make_fifo(dir / "away/claude.fifo"); // that is another path now
  EXPECT_EQ(seen(), 0);
  std::filesystem::create_directory(home);
  EXPECT_GE(seen(), 1);
  make_fifo(path);
  EXPECT_EQ(seen(), 1);
}

TEST_F(fifo_watch_test, directories_above_may_be_missing_too) {
  path = home / "a/b/claude.fifo";
  watch_it();
  seen();
  std::filesystem::create_directories(home / "a/b");
  EXPECT_GE(seen(), 1);
  make_fifo(path);
  EXPECT_EQ(seen(), 1);
  std::filesystem::remove_all(home);
  EXPECT_GE(seen(), 1);
  std::filesystem::create_directory(home);
  std::filesystem::create_directory(home / "a");
  seen();
  std::filesystem::create_directory(home / "a/b");
  EXPECT_GE(seen(), 1);
  make_fifo(path);
  EXPECT_EQ(seen(), 1);
}

TEST_F(fifo_watch_test, a_handler_may_make_the_directory_again) {
  subscription = watch.watch_path(path.string(), [this] {
    ++changes;
    std::filesystem::create_directory(home);
    if (kind_of(path) == "missing")
      make_fifo(path);
  });
  for (int i = 0; i < 10; ++i) {
    std::filesystem::remove_all(home);
    EXPECT_GE(seen(), 1);
    EXPECT_EQ(kind_of(path), "fifo");
    ::unlink(path.c_str());
    EXPECT_GE(seen(), 1);
    EXPECT_EQ(kind_of(path), "fifo");
  }
}

TEST_F(fifo_watch_test, two_names_in_one_directory_share_a_watch) {
  watch_it();
  int others = 0;
  auto other
    = watch.watch_path((home / "other.fifo").string(), [&others] { ++others; });
  make_fifo(path);
  EXPECT_EQ(seen(), 1);
  EXPECT_EQ(others, 0);
  subscription.reset();
  make_fifo(home / "other.fifo");
  EXPECT_EQ(seen(), 0);
  EXPECT_EQ(others, 1);
  std::filesystem::remove_all(home);
  std::filesystem::create_directory(home);
  loop.run_ready();
  others = 0;
  make_fifo(home / "other.fifo");
  loop.run_ready();
  EXPECT_EQ(others, 1);
}

TEST_F(fifo_watch_test, a_handler_may_end_its_own_subscription) {
  subscription = watch.watch_path(path.string(), [this] {
    ++changes;
    subscription.reset();
  });
  make_fifo(path);
  EXPECT_EQ(seen(), 1);
  ::unlink(path.c_str());
  EXPECT_EQ(seen(), 0);
}

// -- FIFOs --------------------------------------------------------------------

TEST_F(fifo_watch_test, readers_are_told_and_only_as_asked) {
  make_fifo(path);
  std::uint32_t last = 0;
  auto readers = watch.watch_fifo(path.string(), IN_CLOSE_NOWRITE,
                                  [&](std::uint32_t mask) { last = mask; });
  ASSERT_TRUE(readers);
  auto reader = open_fifo_reader(path);
  auto writer = try_open_fifo_writer(path);
  writer->reset();
  loop.run_ready();
  EXPECT_EQ(last, 0u);
  reader.reset();
  loop.run_ready();
  EXPECT_EQ(last, std::uint32_t{IN_CLOSE_NOWRITE});
}

TEST_F(fifo_watch_test, collect_tells_at_once_and_the_last_only) {
  make_fifo(path);
  std::vector<std::uint32_t> told;
  auto readers
    = watch.watch_fifo(path.string(), IN_OPEN | IN_CLOSE_NOWRITE,
                       [&](std::uint32_t mask) { told.push_back(mask); });
  open_fifo_reader(path);
  auto stays = open_fifo_reader(path);
  watch.collect();
  EXPECT_EQ(told, std::vector<std::uint32_t>{IN_OPEN});
  loop.run_ready();
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(fifo_watch_test, an_ended_subscription_tells_nothing) {
  make_fifo(path);
  int told = 0;
  auto readers
    = watch.watch_fifo(path.string(), IN_OPEN, [&](auto) { ++told; });
  open_fifo_reader(path);
  readers.reset();
  loop.run_ready();
  EXPECT_EQ(told, 0);
}

TEST_F(fifo_watch_test, what_is_missing_can_not_be_watched) {
  auto readers = watch.watch_fifo(path.string(), IN_OPEN, [](auto) {});
  EXPECT_EQ(errno, ENOENT);
  EXPECT_FALSE(readers);
}

TEST_F(fifo_watch_test, a_subscription_may_outlive_the_watch) {
  std::optional<file_watch> other;
  other.emplace(loop, log);
  auto path_subscription = other->watch_path(path.string(), [] { FAIL(); });
  make_fifo(path);
  other.reset();
  loop.run_ready();
  path_subscription.reset();
}

TEST_F(fifo_watch_test, without_inotify_that_is_said) {
  // No descriptor is free.
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none{0, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  std::optional<file_watch> other;
  other.emplace(loop, log);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(other->error(), std::errc::too_many_files_open);
  EXPECT_EQ(log.count("fifo_watch_failed"), 1u);
  EXPECT_FALSE(other->watch_path(path.string(), [] {}));
  EXPECT_FALSE(other->watch_fifo(path.string(), IN_OPEN, [](auto) {}));
  other->collect();
}

} // namespace

} // namespace container_agent::test
