//go:build !unix

package redis

// readNow finds nothing where the system does not read in this way.
func readNow(uintptr, []byte) (int, error) { return 0, nil }
