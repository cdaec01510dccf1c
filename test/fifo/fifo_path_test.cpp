#include "main/fifo/fifo_path.hpp"

#include "test/fifo/fifo_fixture.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <functional>

namespace container_agent::test {

namespace {

using runtime::directory_of;
using runtime::fifo_error;
using runtime::fifo_path;
using testing::AllOf;
using testing::HasSubstr;

class umask_of {
public:
  explicit umask_of(mode_t mask) : before_{::umask(mask)} {}
  ~umask_of() { ::umask(before_); }

private:
  mode_t before_;
};

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const fifo_error& error) {
    return error.what();
  }
  return "";
}

class fifo_path_test : public fifo_fixture {
public:
  // `check` and `prepare` say the same, and nothing at the path is touched.
  void expect_refused(const std::string& what) {
    struct stat before {
    }, after{};
    ASSERT_EQ(::lstat(path.c_str(), &before), 0);
    auto refused = place();
    auto error = error_of([&] { refused.prepare(); });
    EXPECT_THAT(error, AllOf(HasSubstr(path.string()), HasSubstr(what)));
    EXPECT_EQ(error_of([&] { refused.check(); }), error);
    ASSERT_EQ(::lstat(path.c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino);
    EXPECT_EQ(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
    EXPECT_FALSE(refused.made());
  }
};

TEST_F(fifo_path_test, a_missing_fifo_is_made_whatever_the_umask) {
  for (mode_t mask : {0777u, 0077u, 0000u}) {
    umask_of masked{mask};
    for (mode_t mode : {0660u, 0600u, 0666u, 0622u}) {
      fifo_path made{path.string(), mode};
      made.prepare();
      EXPECT_EQ(kind_of(path), "fifo");
      EXPECT_EQ(mode_of(path), mode) << std::oct << mask;
      EXPECT_TRUE(made.made());
      made.remove(log, "test");
      EXPECT_EQ(kind_of(path), "missing");
    }
    EXPECT_EQ(::umask(mask), mask); // it is put back
  }
}

TEST_F(fifo_path_test, an_existing_fifo_is_used_as_it_is) {
  make_fifo(path, 0640);
  auto inode = inode_of(path);
  auto used = place();
  used.prepare();
  EXPECT_FALSE(used.made());
  EXPECT_EQ(mode_of(path), 0640u);
  EXPECT_EQ(inode_of(path), inode);
  used.remove(log, "test");
  EXPECT_EQ(inode_of(path), inode);
}

TEST_F(fifo_path_test, a_regular_file_is_refused) {
  write_file(path, "content");
  expect_refused("a regular file is there");
  EXPECT_EQ(read_file(path), "content");
}

TEST_F(fifo_path_test, a_link_to_a_fifo_is_refused) {
  make_fifo(dir / "real");
  std::filesystem::create_symlink(dir / "real", path);
  expect_refused("a symbolic link is there");
}

TEST_F(fifo_path_test, a_dangling_link_is_refused_and_not_followed) {
  std::filesystem::create_symlink(dir / "nothing", path);
  expect_refused("a symbolic link is there");
  EXPECT_EQ(kind_of(dir / "nothing"), "missing");
}

TEST_F(fifo_path_test, a_directory_is_refused) {
  std::filesystem::create_directory(path);
  expect_refused("a directory is there");
}

TEST_F(fifo_path_test, a_socket_is_refused) {
  unique_fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address),
                   sizeof(address)),
            0);
  expect_refused("a socket is there");
}

TEST_F(fifo_path_test, a_device_is_refused) {
  path = "/dev/null";
  expect_refused("a character device is there");
}

TEST_F(fifo_path_test, an_empty_path_is_refused) {
  path.clear();
  EXPECT_THAT(error_of([&] { place().prepare(); }), HasSubstr("empty path"));
  EXPECT_THAT(error_of([&] { place().check(); }), HasSubstr("empty path"));
}

TEST_F(fifo_path_test, missing_directories_are_made) {
  umask_of masked{0077};
  path = dir / "a/b/claude.fifo";
  EXPECT_EQ(error_of([&] { place().check(); }), "");
  EXPECT_EQ(kind_of(dir / "a"), "missing"); // a check touches nothing
  place().prepare();
  EXPECT_EQ(kind_of(path), "fifo");
  EXPECT_EQ(mode_of(dir / "a"), 0770u);
  EXPECT_EQ(mode_of(dir / "a/b"), 0770u);
}

TEST_F(fifo_path_test, a_file_in_place_of_the_directory_is_named) {
  write_file(dir / "a", "");
  path = dir / "a/b/claude.fifo";
  for (auto& error : {error_of([&] { place().prepare(); }),
                      error_of([&] { place().check(); })})
    EXPECT_THAT(error,
                AllOf(HasSubstr(path.string()), HasSubstr("Not a directory")));
}

TEST_F(fifo_path_test, a_name_that_is_too_long_is_an_error) {
  path = dir / std::string(300, 'x');
  EXPECT_THAT(error_of([&] { place().prepare(); }),
              HasSubstr("File name too long"));
}

// Root may do everything, so it is somebody else for a while, who owns `paths`.
class without_privileges {
public:
  template <class... Paths>
  explicit without_privileges(const Paths&... paths) {
    if (!was_root_)
      return;
    constexpr uid_t nobody = 65534;
    for (const std::string& path : {std::string{paths}...})
      EXPECT_EQ(::chown(path.c_str(), nobody, nobody), 0);
    EXPECT_EQ(::setresuid(nobody, nobody, 0), 0);
  }
  without_privileges(const without_privileges&) = delete;
  without_privileges& operator=(const without_privileges&) = delete;
  ~without_privileges() {
    if (was_root_ && ::setresuid(0, 0, 0) != 0)
      ADD_FAILURE() << "cannot become root again";
  }

private:
  bool was_root_ = ::geteuid() == 0;
};

TEST_F(fifo_path_test, missing_permission_is_explained) {
  make_fifo(path, 0400);
  without_privileges nobody{dir.path(), path};
  EXPECT_THAT(error_of([&] { place().prepare(); }),
              AllOf(HasSubstr("no permission"), HasSubstr("mode 0400")));
  ::unlink(path.c_str());
  ::chmod(dir.path().c_str(), 0500);
  EXPECT_THAT(error_of([&] { place().prepare(); }), HasSubstr("permission"));
  EXPECT_THAT(error_of([&] { place().check(); }), HasSubstr("permission"));
  ::chmod(dir.path().c_str(), 0700);
}

TEST_F(fifo_path_test, a_foreign_fifo_at_the_path_is_not_removed) {
  auto ours = place();
  ours.prepare();
  ::unlink(path.c_str());
  make_fifo(path);
  EXPECT_TRUE(ours.moved());
  ours.remove(log, "test");
  EXPECT_EQ(kind_of(path), "fifo");
}

TEST_F(fifo_path_test, an_inode_number_does_not_come_back) {
  // Some file systems give a free number away at once.
  auto ours = place();
  ours.prepare();
  for (int i = 0; i < 10; ++i) {
    ::unlink(path.c_str());
    make_fifo(path);
    EXPECT_TRUE(ours.moved());
  }
}

TEST_F(fifo_path_test, a_fifo_that_left_its_path_can_still_be_opened) {
  auto ours = place();
  ours.prepare();
  auto inode = inode_of(path);
  std::filesystem::rename(path, dir / "elsewhere");
  make_fifo(path);
  auto fd = ours.open(O_RDWR);
  struct stat opened {};
  ASSERT_EQ(::fstat(fd.get(), &opened), 0);
  EXPECT_EQ(opened.st_ino, inode);
  EXPECT_EQ(::fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_NE(::fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(fifo_path_test, refresh_makes_it_again_or_takes_the_new_one) {
  auto ours = place();
  ours.prepare();
  EXPECT_EQ(ours.refresh(log, "test"), fifo_path::change::none);
  ::unlink(path.c_str());
  EXPECT_EQ(ours.refresh(log, "test"), fifo_path::change::replaced);
  EXPECT_TRUE(ours.made());
  EXPECT_EQ(mode_of(path), 0660u);
  ::unlink(path.c_str());
  make_fifo(path, 0600);
  EXPECT_EQ(ours.refresh(log, "test"), fifo_path::change::replaced);
  EXPECT_FALSE(ours.made());
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_EQ(log.count("fifo_replaced"), 2u);
}

TEST_F(fifo_path_test, refresh_complains_once_about_something_else) {
  auto ours = place();
  ours.prepare();
  ::unlink(path.c_str());
  write_file(path, "content");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ours.refresh(log, "test"), fifo_path::change::unusable);
  EXPECT_EQ(log.count("fifo_unusable"), 1u);
  EXPECT_THAT(log.field("fifo_unusable", "error"),
              HasSubstr("a regular file is there"));
  EXPECT_EQ(read_file(path), "content");
}

TEST(directory_of, is_the_path_without_its_last_name) {
  EXPECT_EQ(directory_of("/a/b"), "/a");
  EXPECT_EQ(directory_of("/a/b/"), "/a");
  EXPECT_EQ(directory_of("/a//b"), "/a");
  EXPECT_EQ(directory_of("/a"), "/");
  EXPECT_EQ(directory_of("/"), "/");
  EXPECT_EQ(directory_of("a/b"), "a");
  EXPECT_EQ(directory_of("a"), ".");
  EXPECT_EQ(directory_of(""), ".");
}

} // namespace

} // namespace container_agent::test
