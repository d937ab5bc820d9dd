/* Small disks: tmpfs, and ext4 on loop devices. */
#define HARNESS
#include "tests/faults/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef EXT4_IOC_SHUTDOWN
#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#endif

enum { WITHOUT_LOG_FLUSH = 2, MOUNTS_MOST = 16, LOOP_TRIES = 20, NOT_THERE = 127 };

static char *mounted[MOUNTS_MOST];
static unsigned n_mounted;

static void unmount_all(void)
{
    while (n_mounted > 0)
        umount2(mounted[--n_mounted], MNT_DETACH);
}

/* What this program mounts is seen by it and its servers alone, and does not outlive them. */
static bool stand_apart(void)
{
    static bool apart;
    if (!apart)
        apart = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return apart;
}

static char *make_folder(void)
{
    static unsigned made;
    char *folder = trial_path("disk-%u", made++);
    if (mkdir(folder, 0777) < 0)
        trial_fail("%s: %s", folder, strerror(errno));
    return folder;
}

static void note_mounted(char *folder)
{
    if (n_mounted == MOUNTS_MOST)
        trial_fail("too many mounts");
    mounted[n_mounted++] = folder;
    trial_undo(unmount_all);
}

static bool put_memory(char *folder, size_t size)
{
    if (!stand_apart() || mount("tmpfs", folder, "tmpfs", 0, trial_text("size=%zu", size)) < 0)
        return false;
    note_mounted(folder);
    return true;
}

char *mount_memory(size_t size)
{
    char *folder = make_folder();
    if (!put_memory(folder, size))
        trial_skip("no tmpfs can be mounted here (%s)", strerror(errno));
    return folder;
}

char *fast_folder(size_t size)
{
    char *folder = make_folder();
    put_memory(folder, size);
    return folder;
}

/* Its exit status; NOT_THERE when there is no such program. */
static int run(const char *const words[])
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(null, 1);
        dup2(null, 2);
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(NOT_THERE);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
        trial_fail("%s can't be run: %s", words[0], strerror(errno));
    return WEXITSTATUS(status);
}

/* A free loop device over the image, which is let go with its last user. -1: there is none. */
static int open_loop(const char *image, char path[32])
{
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), file = open(image, O_RDWR | O_CLOEXEC);
    int loop = -1;
    struct loop_config config = {.fd = (uint32_t)file, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
    for (int i = 0; i < LOOP_TRIES && loop < 0; i++) { /* others may take the same one at the same moment */
        snprintf(path, 32, "/dev/loop%d", ioctl(control, LOOP_CTL_GET_FREE));
        loop = open(path, O_RDWR | O_CLOEXEC);
        if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) < 0) {
            close(loop);
            loop = -1;
        }
    }
    int error = errno;
    if (control >= 0)
        close(control);
    if (file >= 0)
        close(file);
    errno = error;
    return loop;
}

static void put_in(const struct disk *disk)
{
    char path[32];
    int loop = open_loop(disk->image, path);
    if (loop < 0 && !disk->was_in)
        trial_skip("there is no loop device (%s)", strerror(errno));
    if (loop < 0)
        trial_fail("there is no loop device any more: %s", strerror(errno));
    /* commit: nothing is written for the mere passing of time while a trial lasts. */
    int done = mount(path, disk->folder, "ext4", 0, "commit=300");
    int error = errno;
    close(loop);
    if (done < 0)
        trial_fail("%s can't be mounted: %s", disk->image, strerror(error));
    note_mounted(disk->folder);
}

struct disk disk_make(size_t size)
{
    struct disk disk = {.folder = NULL};
    if (!stand_apart())
        trial_skip("mounting is not allowed here (%s)", strerror(errno));
    disk.folder = make_folder();
    disk.image = trial_text("%s.image", disk.folder);
    file_write(disk.image, "", 0);
    if (truncate(disk.image, (off_t)size) < 0)
        trial_fail("%s: %s", disk.image, strerror(errno));
    int status = run((const char *const[]){"mkfs.ext4", "-q", "-F", disk.image, NULL});
    if (status == NOT_THERE)
        trial_skip("there is no mkfs.ext4");
    if (status != 0)
        trial_fail("mkfs.ext4 ended with %d", status);
    put_in(&disk);
    disk.was_in = true;
    return disk;
}

void disk_cut(const struct disk *disk)
{
    uint32_t how = WITHOUT_LOG_FLUSH;
    int fd = open(disk->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int done = ioctl(fd, EXT4_IOC_SHUTDOWN, &how), error = errno;
    if (fd >= 0)
        close(fd);
    if (done < 0)
        trial_fail("%s can't be cut off: %s", disk->folder, strerror(error));
}

void disk_remount(const struct disk *disk)
{
    if (umount2(disk->folder, 0) < 0)
        trial_fail("%s can't be unmounted: %s", disk->folder, strerror(errno));
    for (unsigned i = 0; i < n_mounted; i++) {
        if (strcmp(mounted[i], disk->folder) == 0)
            mounted[i] = mounted[--n_mounted];
    }
    put_in(disk);
}
