// Package child runs this program again, in a process of its own, to measure one thing.
package child

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
)

// Command is this program with other arguments. What it complains of goes where ours goes.
func Command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, self, args...)
	c.Stderr = os.Stderr
	return c, nil
}

// Ask runs this program with other arguments, and reads the JSON that it prints.
func Ask(ctx context.Context, into any, args ...string) error {
	c, err := Command(ctx, args...)
	if err != nil {
		return err
	}
	out, err := c.Output()
	if err != nil {
		return err
	}
	return json.NewDecoder(bytes.NewReader(out)).Decode(into)
}
