#include "main/storage/position_page.hpp"

#include "main/storage/log.hpp"
#include "test/support/fifo.hpp"
#include "test/support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace container_agent::test {

namespace {

using storage::log_error;
using storage::position_page;
using reader = position_page::reader;

class position_page_test : public testing::Test {
public:
  temp_dir dir;
  std::string path = dir / "positions";

  void is_empty() const {
    position_page page{path};
    for (auto who : {reader::host, reader::claude, reader::replies}) {
      EXPECT_FALSE(page.known(who));
      EXPECT_EQ(page.get(who), 0U);
    }
  }
};

TEST_F(position_page_test, remembers_what_was_stored) {
  is_empty();
  EXPECT_EQ(mode_of(path), 0600U);
  {
    position_page page{path};
    page.set(reader::claude, 0);
    page.set(reader::host, 123'456'789'012);
    EXPECT_EQ(page.get(reader::host), 123'456'789'012U);
  }
  position_page page{path};
  EXPECT_TRUE(page.known(reader::claude));
  EXPECT_EQ(page.get(reader::claude), 0U);
  EXPECT_EQ(page.get(reader::host), 123'456'789'012U);
  EXPECT_FALSE(page.known(reader::replies));
  EXPECT_EQ(read_file(path).size(), 4096U);
}

TEST_F(position_page_test, what_was_stored_outlives_a_kill) {
  auto pid = ::fork();
  if (pid == 0) {
    position_page page{path};
    page.set(reader::host, 42);
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(position_page{path}.get(reader::host), 42U);
}

TEST_F(position_page_test, memory_remembers_nothing) {
  position_page{""}.set(reader::host, 1);
  EXPECT_FALSE(position_page{""}.known(reader::host));
}

TEST_F(position_page_test, what_is_no_page_of_ours_is_empty) {
  for (const auto& content : {std::string{"short"}, std::string(4096, 'x'),
                              std::string(9000, '\0')}) {
    write_file(path, content);
    is_empty();
  }
}

TEST_F(position_page_test, what_is_no_file_is_refused) {
  make_fifo(path);
  EXPECT_THROW(position_page{path}, log_error);
  EXPECT_THROW(position_page{dir / "missing" / "positions"}, log_error);
}

} // namespace

} // namespace container_agent::test
