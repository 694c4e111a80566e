//go:build unix

package redis

import "syscall"

// readNow reads what is there, without waiting for it.
func readNow(fd uintptr, into []byte) (int, error) { return syscall.Read(int(fd), into) }
