package config

// What the tests of this package reach besides.
var (
	Substitute = substitute
	There      = there
	Nearest    = nearest
	Distance   = distance
	Brief      = brief
)
