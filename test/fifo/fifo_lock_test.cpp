#include "main/fifo/fifo_lock.hpp"

#include "main/fifo/fifo_path.hpp"
#include "test/fifo/fifo_fixture.hpp"
#include "test/support/recording_log.hpp"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>

namespace container_agent::test {

namespace {

using runtime::fifo_in_use;
using runtime::fifo_lock;
using runtime::fifo_path;
using testing::HasSubstr;
using testing::IsEmpty;

/// Another process that holds a lock until it is killed.
class other_agent {
public:
  explicit other_agent(const std::string& path) {
    auto pipe = make_pipe();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      fifo_lock lock{path};
      auto text = lock.hold(0600).empty() ? "y" : "n";
      if (::write(pipe.writer.get(), text, 1) == 1)
        ::pause();
      ::_exit(1);
    }
    char text = 'n';
    EXPECT_EQ(::read(pipe.reader.get(), &text, 1), 1);
    EXPECT_EQ(text, 'y');
  }
  other_agent(other_agent&&) = delete;

  ~other_agent() { kill(); }

  void kill() {
    if (pid_ <= 0)
      return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  std::string name() const { return "(pid " + std::to_string(pid_) + ")"; }

private:
  pid_t pid_ = 0;
};

class fifo_lock_test : public testing::Test {
public:
  temp_dir dir;
  std::string path = dir / "x.fifo";
  std::string lock_path = path + ".lock";
};

TEST_F(fifo_lock_test, is_a_file_as_long_as_it_is_held) {
  {
    fifo_lock lock{path};
    EXPECT_THAT(lock.holder(), IsEmpty());
    EXPECT_EQ(kind_of(lock_path), "missing");
    EXPECT_THAT(lock.hold(0640), IsEmpty());
    EXPECT_EQ(mode_of(lock_path), 0640U);
  }
  EXPECT_EQ(kind_of(lock_path), "missing");
}

TEST_F(fifo_lock_test, of_another_process_is_told_with_its_number) {
  other_agent other{path};
  fifo_lock lock{path};
  EXPECT_THAT(lock.holder(), HasSubstr(other.name()));
  EXPECT_THAT(lock.hold(0600), HasSubstr(other.name()));
  EXPECT_THAT(lock.fault(), IsEmpty());
  EXPECT_EQ(kind_of(lock_path), "regular");
}

TEST_F(fifo_lock_test, of_a_killed_process_is_taken_over) {
  other_agent other{path};
  other.kill();
  EXPECT_EQ(kind_of(lock_path), "regular");
  fifo_lock lock{path};
  EXPECT_THAT(lock.holder(), IsEmpty());
  EXPECT_THAT(lock.hold(0600), IsEmpty());
}

TEST_F(fifo_lock_test, looking_and_failing_leave_the_others_lock_alone) {
  other_agent other{path};
  { EXPECT_THAT(fifo_lock{path}.hold(0600), HasSubstr(other.name())); }
  { EXPECT_THAT(fifo_lock{path}.holder(), HasSubstr(other.name())); }
  EXPECT_THAT(fifo_lock{path}.hold(0600), HasSubstr(other.name()));
}

TEST_F(fifo_lock_test, that_was_removed_is_taken_again) {
  fifo_lock lock{path};
  EXPECT_THAT(lock.hold(0600), IsEmpty());
  std::filesystem::remove(lock_path);
  EXPECT_THAT(lock.hold(0600), IsEmpty());
  EXPECT_EQ(kind_of(lock_path), "regular");
}

TEST_F(fifo_lock_test, that_was_removed_may_be_anothers_by_now) {
  fifo_lock lock{path};
  EXPECT_THAT(lock.hold(0600), IsEmpty());
  std::filesystem::remove(lock_path);
  other_agent other{path};
  EXPECT_THAT(lock.hold(0600), HasSubstr(other.name()));
}

TEST_F(fifo_lock_test, that_cannot_be_had_is_no_holder) {
  std::filesystem::create_directory(lock_path);
  fifo_lock lock{path};
  EXPECT_THAT(lock.hold(0600), IsEmpty());
  EXPECT_FALSE(lock.fault().empty());
  std::filesystem::remove(lock_path);
  std::filesystem::create_symlink(dir / "elsewhere", lock_path);
  EXPECT_THAT(lock.hold(0600), IsEmpty());
  EXPECT_FALSE(lock.fault().empty());
  EXPECT_EQ(kind_of(dir / "elsewhere"), "missing");
  std::filesystem::remove(lock_path);
  make_fifo(lock_path);
  EXPECT_THAT(lock.hold(0600), IsEmpty());
  EXPECT_FALSE(lock.fault().empty());
  std::filesystem::remove(lock_path);
  EXPECT_THAT(lock.hold(0600), IsEmpty());
  EXPECT_TRUE(lock.fault().empty());
}

// -- a place with a lock ------------------------------------------------------

TEST_F(fifo_lock_test, a_place_of_anothers_is_refused_and_not_touched) {
  other_agent other{path};
  for (auto use :
       {+[](fifo_path& p) { p.prepare(); }, +[](fifo_path& p) { p.check(); }}) {
    fifo_path place{path};
    try {
      use(place);
      ADD_FAILURE() << "it was not refused";
    } catch (const fifo_in_use& error) {
      EXPECT_THAT(error.what(), HasSubstr(path));
      EXPECT_THAT(error.what(), HasSubstr(other.name()));
    }
  }
  EXPECT_EQ(kind_of(path), "missing");
}

TEST_F(fifo_lock_test, a_place_that_another_has_taken_is_unusable) {
  recording_log log;
  fifo_path place{path};
  place.prepare();
  // As a host does that moves another folder to the place of this one.
  std::filesystem::remove(path);
  std::filesystem::remove(lock_path);
  other_agent other{path};
  make_fifo(path);
  EXPECT_EQ(place.refresh(log, "test"), fifo_path::change::unusable);
  other.kill();
  EXPECT_EQ(place.refresh(log, "test"), fifo_path::change::replaced);
}

TEST_F(fifo_lock_test, a_place_without_a_lock_works_and_says_so) {
  recording_log log;
  std::filesystem::create_directory(lock_path);
  fifo_path place{path};
  place.prepare(log, "test");
  EXPECT_EQ(kind_of(path), "fifo");
  EXPECT_EQ(log.count("fifo_not_locked"), 1U);
}

} // namespace

} // namespace container_agent::test
