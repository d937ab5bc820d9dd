/* Small disks for the server: in memory, or an ext4 file system that can lose its power. */
#ifndef FAULTS_MOUNTS_H
#define FAULTS_MOUNTS_H

#include "tests/harness/trial.h"

/* All mounts are in a namespace of this program's own, and are gone with it or at the end of the trial. Where nothing can be mounted
 * the trial is skipped. */

/* A folder with so many bytes of space, in memory. */
char *mount_memory(size_t size);
/* The same where it is possible, else any folder: for tests that would wait for a slow disk, and show nothing by it. */
char *fast_folder(size_t size);

/* An ext4 file system in a file, on a loop device. */
struct disk {
    char *image, *folder;
    bool was_in; /* loop devices are there: who lacks one later does not skip */
};
struct disk disk_make(size_t size);
/* From now on nothing reaches it, what it had not been made to write is lost. */
void disk_cut(const struct disk *disk);
/* Taken out and put in again: what is there now is what had been written. Nobody may use it at that moment. */
void disk_remount(const struct disk *disk);

#ifndef HARNESS
#define mount_memory(...) (HERE, (mount_memory)(__VA_ARGS__))
#define fast_folder(...) (HERE, (fast_folder)(__VA_ARGS__))
#define disk_make(...) (HERE, (disk_make)(__VA_ARGS__))
#define disk_cut(...) (HERE, (disk_cut)(__VA_ARGS__))
#define disk_remount(...) (HERE, (disk_remount)(__VA_ARGS__))
#endif

#endif
