package core

import "strings"

// Faults is all that is wrong with a thing as one error in one line, or nil for nothing; what is nil
// is passed over. [errors.Is] and [errors.As] see through it to each.
func Faults(all ...error) error {
	var wrong []error
	for _, err := range all {
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &faultsError{wrong}
}

type faultsError struct{ all []error }

// Error tells each, by semicolons.
func (f *faultsError) Error() string {
	texts := make([]string, len(f.all))
	for i, err := range f.all {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap is each.
func (f *faultsError) Unwrap() []error { return f.all }
