// A clock that is off by as many seconds as /tmp/clock says, for a server that is started with this preloaded. It needs no libc but
// the server's own.

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

extern long syscall(long number, ...);

static long off(void) {
	char text[32];
	long file = syscall(SYS_openat, AT_FDCWD, "/tmp/clock", O_RDONLY);
	if (file < 0)
		return 0;
	long n = syscall(SYS_read, file, text, sizeof text), sign = 1, seconds = 0;
	syscall(SYS_close, file);
	for (long i = 0; i < n; i++) {
		if (text[i] == '-')
			sign = -1;
		else if (text[i] >= '0' && text[i] <= '9')
			seconds = 10 * seconds + text[i] - '0';
	}
	return sign * seconds;
}

int clock_gettime(clockid_t clock, struct timespec *t) {
	int failed = syscall(SYS_clock_gettime, clock, t);
	if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		t->tv_sec += off();
	return failed;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
	int failed = syscall(SYS_gettimeofday, t, zone);
	if (!failed)
		t->tv_sec += off();
	return failed;
}

time_t time(time_t *t) {
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (t)
		*t = now.tv_sec;
	return now.tv_sec;
}
