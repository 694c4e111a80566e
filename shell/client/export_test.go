package client

// Processors has another number of processors, until the function that it gives is called.
func Processors(n int) (end func()) {
	was := processors
	processors = n
	return func() { processors = was }
}
