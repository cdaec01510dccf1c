#include "main/process/process_table.hpp"

#include "test/process/proc_tree.hpp"
#include "test/support/fifo.hpp"
#include "test/support/subprocess.hpp"
#include "test/support/unique_fd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/// On a made-up tree, and on the processes that there are.
namespace container_agent::test {

namespace {

using runtime::descriptor_kind;
using runtime::process_table;
using testing::ElementsAre;
using testing::IsEmpty;

pid_t own() {
  return ::getpid();
}

descriptor_kind kind_of_own(int number) {
  return process_table{}.descriptor(own(), number).kind;
}

} // namespace

TEST(process_tables, list_processes_and_nothing_else) {
  proc_tree tree;
  tree.add({.pid = 12});
  tree.add({.pid = 3});
  std::filesystem::create_directory(tree.root() + "/sys");
  EXPECT_THAT(process_table{tree.root()}.processes(), ElementsAre(3, 12));
  EXPECT_THAT(process_table{tree.root() + "/nothing"}.processes(), IsEmpty());
}

TEST(process_tables, read_what_a_process_is) {
  proc_tree tree;
  tree.add({.pid = 12,
            .parent = 7,
            .name = "a) b (c",
            .command_line = {"/bin/node", "", "x y"},
            .executable = "/bin/node (deleted)",
            .user = 1000,
            .state = 'Z',
            .start_time = 4711});
  process_table table{tree.root()};
  auto info = table.info(12);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->name, "a) b (c");
  EXPECT_EQ(info->parent, 7);
  EXPECT_EQ(info->group, 12);
  EXPECT_EQ(info->state, 'Z');
  EXPECT_EQ(info->start_time, 4711u);
  EXPECT_EQ(table.owner(12), 1000u);
  EXPECT_THAT(table.command_line(12), ElementsAre("/bin/node", "", "x y"));
  EXPECT_EQ(table.executable(12), "/bin/node");
}

TEST(process_tables, have_no_answer_of_what_is_not_there) {
  proc_tree tree;
  process_table table{tree.root()};
  EXPECT_FALSE(table.info(1));
  EXPECT_FALSE(table.owner(1));
  EXPECT_THAT(table.command_line(1), IsEmpty());
  EXPECT_EQ(table.executable(1), "");
  EXPECT_EQ(table.descriptor(1, 0).kind, descriptor_kind::closed);
}

TEST(process_tables, survive_files_that_are_cut) {
  proc_tree tree;
  tree.add({.pid = 5});
  process_table table{tree.root()};
  for (auto text :
       {"", "5", "5 (", "5 (x", "5 (x)", "5 (x) S 1 5 0", ") 5 ("}) {
    write_file(tree.root() + "/5/stat", text);
    EXPECT_FALSE(table.info(5)) << text;
  }
  for (auto text : {"", "Uid:", "\nUid:\t", "\nUid:\t0", "\nUid:\tx\ty"}) {
    write_file(tree.root() + "/5/status", text);
    EXPECT_FALSE(table.owner(5)) << text;
  }
}

TEST(process_tables, tell_what_descriptors_are) {
  proc_tree tree;
  temp_dir dir;
  make_fifo(dir / "fifo");
  write_file(dir / "file", "x");
  tree.add({.pid = 5});
  tree.open(5, 0, "pipe:[4711]", "0100000");
  tree.open(5, 1, dir / "fifo", "0100002");
  tree.open(5, 2, "socket:[5]", "0100002");
  tree.open(5, 3, "/dev/pts/0", "0100002");
  tree.open(5, 4, "/dev/null", "0100000");
  tree.open(5, 5, dir / "file", "0100000");
  tree.open(5, 6, "anon_inode:[eventfd]", "0100002");
  process_table table{tree.root()};
  std::vector<descriptor_kind> kinds;
  for (int number = 0; number < 8; ++number)
    kinds.push_back(table.descriptor(5, number).kind);
  using enum descriptor_kind;
  EXPECT_THAT(kinds, ElementsAre(pipe, fifo, socket, terminal, null, file,
                                 other, closed));
  EXPECT_EQ(table.descriptor(5, 0).pipe, (runtime::pipe_id{0, 4711}));
  EXPECT_EQ(table.descriptor(5, 1).pipe.inode, inode_of(dir / "fifo"));
}

TEST(process_tables, find_all_who_have_a_pipe) {
  proc_tree tree;
  temp_dir dir;
  make_fifo(dir / "fifo");
  for (pid_t pid : {1, 2, 3, 4})
    tree.add({.pid = pid});
  tree.open(1, 0, "pipe:[10]", "0100000");
  tree.open(2, 9, "pipe:[10]", "02100001");
  tree.open(3, 1, dir / "fifo", "0104002");
  tree.open(4, 1, "pipe:[100]", "0100001");
  process_table table{tree.root()};
  std::vector pipes{table.descriptor(1, 0).pipe, table.descriptor(3, 1).pipe};
  auto found = table.holders(pipes);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(found[0].pid == 1 && found[0].reads && !found[0].writes);
  EXPECT_TRUE(found[1].pid == 2 && !found[1].reads && found[1].writes);
  EXPECT_TRUE(found[2].pid == 3 && found[2].reads && found[2].writes);
}

TEST(process_tables, know_this_very_process) {
  process_table table;
  auto info = table.info(own());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->parent, ::getppid());
  EXPECT_EQ(info->group, ::getpgrp());
  EXPECT_EQ(table.owner(own()), ::geteuid());
  EXPECT_EQ(table.executable(own()),
            std::filesystem::read_symlink("/proc/self/exe"));
  EXPECT_THAT(table.processes(), testing::Contains(own()));
}

TEST(process_tables, know_real_descriptors) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  unique_fd reader{ends[0]};
  unique_fd writer{ends[1]};
  temp_dir dir;
  make_fifo(dir / "fifo");
  unique_fd fifo{::open((dir / "fifo").c_str(), O_RDWR | O_CLOEXEC)};
  // Its name is gone, and it is a FIFO all the same.
  std::filesystem::remove(dir / "fifo");
  unique_fd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  int sockets[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
  unique_fd one{sockets[0]};
  unique_fd other{sockets[1]};
  unique_fd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  ASSERT_EQ(::unlockpt(master.get()), 0);
  unique_fd terminal{
    ::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC)};
  EXPECT_EQ(kind_of_own(reader.get()), descriptor_kind::pipe);
  EXPECT_EQ(kind_of_own(fifo.get()), descriptor_kind::fifo);
  EXPECT_EQ(kind_of_own(null.get()), descriptor_kind::null);
  EXPECT_EQ(kind_of_own(one.get()), descriptor_kind::socket);
  EXPECT_EQ(kind_of_own(terminal.get()), descriptor_kind::terminal);
  process_table table;
  std::vector pipes{table.descriptor(own(), reader.get()).pipe,
                    table.descriptor(own(), fifo.get()).pipe};
  EXPECT_EQ(table.holders(pipes).size(), 3u);
}

TEST(process_tables, lose_a_process_that_ends) {
  process_table table;
  pid_t pid = 0;
  {
    spawn_options sleeping;
    sleeping.argv = {"sleep", "60"};
    subprocess child{sleeping};
    pid = child.pid();
    EXPECT_TRUE(table.info(pid));
  }
  EXPECT_FALSE(table.info(pid));
  EXPECT_EQ(table.executable(pid), "");
}

} // namespace container_agent::test
