/* Cuts the power of a file system, as far as software can: EXT4_IOC_SHUTDOWN without a flush of the journal. What was not
   synced is gone, every later operation fails, and mounting again replays the journal. */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define SHUTDOWN _IOR('X', 125, uint32_t)
#define NO_LOG_FLUSH 2

int main(int count, char **words) {
    uint32_t how = NO_LOG_FLUSH;
    int folder = count == 2 ? open(words[1], O_RDONLY) : -1;
    if (folder < 0 || ioctl(folder, SHUTDOWN, &how) != 0) {
        perror("cut");
        return 1;
    }
    return 0;
}
