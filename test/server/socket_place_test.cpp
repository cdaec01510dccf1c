#include "main/server/socket_place.hpp"

#include "test/support/temp_dir.hpp"
#include "test/support/unique_fd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace container_agent::test {

namespace {

using runtime::socket_error;
using runtime::socket_name;
using runtime::socket_place;
using testing::HasSubstr;

class socket_places : public testing::Test {
public:
  temp_dir dir;
  std::string path = (dir.path() / "a.sock").string();

  static bool answers(const std::string& where) {
    socket_name name{where};
    unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    return ::connect(fd.get(), name.get(), name.length) == 0;
  }

  /// Why a socket can't be had there, and the text of it.
  static std::pair<socket_error::kind, std::string>
  refusal(const std::string& where) {
    try {
      socket_place{where};
    } catch (const socket_error& error) {
      return {error.why(), error.what()};
    }
    ADD_FAILURE() << "it could be had";
    return {};
  }
};

} // namespace

TEST_F(socket_places, its_mode_is_0600_whatever_the_umask) {
  for (mode_t mask : {0000, 0022, 0777}) {
    auto before = ::umask(mask);
    socket_place place{path};
    ::umask(before);
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600u) << mask;
    EXPECT_FALSE(place.remove());
  }
}

TEST_F(socket_places, what_a_dead_agent_has_left_is_replaced) {
  { socket_place dead{path}; }
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_FALSE(answers(path));
  socket_place alive{path};
  EXPECT_TRUE(answers(path));
}

// It was killed after it had forked Claude, and before that was Claude. Nobody
// may have waited for it yet.
TEST_F(socket_places, what_only_a_dead_agents_child_holds_is_replaced) {
  for (int options : {WNOWAIT, 0}) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    auto dead = ::fork();
    if (dead == 0) {
      socket_place place{path};
      if (::fork() == 0) {
        char end;
        ::close(ends[1]);
        [[maybe_unused]] auto none = ::read(ends[0], &end, 1); // until we end
      }
      ::_exit(0);
    }
    ::close(ends[0]);
    siginfo_t found{};
    ASSERT_EQ(
      ::waitid(P_PID, static_cast<id_t>(dead), &found, WEXITED | options), 0);
    EXPECT_TRUE(answers(path));
    socket_place alive{path};
    EXPECT_TRUE(answers(path));
    ::close(ends[1]);
    ::waitpid(dead, nullptr, WNOHANG);
    EXPECT_FALSE(alive.remove());
  }
}

TEST_F(socket_places, a_living_one_is_named_and_left_alone) {
  socket_place first{path};
  auto [why, text] = refusal(path);
  EXPECT_EQ(why, socket_error::kind::in_use);
  EXPECT_THAT(text, HasSubstr("process " + std::to_string(::getpid())
                              + " listens there"));
  EXPECT_TRUE(answers(path));
}

TEST_F(socket_places, what_is_no_socket_is_left_alone) {
  std::ofstream{path} << "precious";
  auto [why, text] = refusal(path);
  EXPECT_EQ(why, socket_error::kind::occupied);
  EXPECT_THAT(text, HasSubstr("something that is no socket is there"));
  EXPECT_EQ(std::filesystem::file_size(path), 8u);
}

TEST_F(socket_places, a_link_is_not_followed) {
  socket_place first{path};
  auto link = (dir.path() / "link.sock").string();
  std::filesystem::create_symlink(path, link);
  EXPECT_EQ(refusal(link).first, socket_error::kind::occupied);
}

TEST_F(socket_places, a_path_beyond_107_bytes_works) {
  auto folder = dir.path() / std::string(120, 'd');
  std::filesystem::create_directory(folder);
  auto far = (folder / "a.sock").string();
  {
    socket_place place{far};
    EXPECT_TRUE(answers(far));
    EXPECT_EQ(refusal(far).first, socket_error::kind::in_use);
    EXPECT_FALSE(place.remove());
  }
  EXPECT_FALSE(std::filesystem::exists(far));
}

TEST_F(socket_places, a_file_name_that_is_too_long_is_told) {
  auto [why, text] = refusal((dir.path() / std::string(108, 'x')).string());
  EXPECT_EQ(why, socket_error::kind::unusable);
  EXPECT_THAT(text, HasSubstr("too long"));
  EXPECT_THAT(text, HasSubstr("--control-socket"));
}

TEST_F(socket_places, a_folder_that_is_not_there_is_told) {
  auto [why, text] = refusal((dir.path() / "none" / "a.sock").string());
  EXPECT_EQ(why, socket_error::kind::unusable);
  EXPECT_THAT(text, HasSubstr("No such file or directory"));
  EXPECT_EQ(refusal("").first, socket_error::kind::unusable);
}

TEST_F(socket_places, looking_touches_nothing) {
  EXPECT_NO_THROW(socket_place::check(path));
  EXPECT_FALSE(std::filesystem::exists(path));
  socket_place alive{path};
  EXPECT_THROW(socket_place::check(path), socket_error);
  EXPECT_TRUE(answers(path));
}

TEST_F(socket_places, another_ones_file_is_not_removed) {
  socket_place first{path};
  std::filesystem::remove(path);
  std::ofstream{path} << "precious";
  EXPECT_FALSE(first.remove());
  EXPECT_TRUE(std::filesystem::exists(path));
}

} // namespace container_agent::test
