package portstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/core"
)

func newID() core.ID { return uuid.Must(uuid.NewV7()) }

// names is what the jobs carry, for messages: their args, or else their IDs.
func names(jobs []core.Job) string {
	var s []string
	for _, j := range jobs {
		if len(j.Args) > 0 && len(j.Args) < 40 {
			s = append(s, string(j.Args))
		} else {
			s = append(s, j.ID.String())
		}
	}
	return "[" + strings.Join(s, " ") + "]"
}

// same expects two jobs to be equal in everything.
func (w *world) same(got, want core.Job, what string) {
	g, k := whole(got), whole(want)
	if g == k {
		return
	}
	var diff []string
	a, b := strings.Split(g, "\n"), strings.Split(k, "\n")
	for _, line := range a {
		if !slices.Contains(b, line) {
			diff = append(diff, "got  "+strings.TrimSpace(line))
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			diff = append(diff, "want "+strings.TrimSpace(line))
		}
	}
	w.must(false, "%s:\n%s", what, strings.Join(diff, "\n"))
}

// whole is everything in a job, a field a line. Args and results may be any bytes.
func whole(j core.Job) string {
	args, result := fmt.Sprintf("%x", []byte(j.Args)), fmt.Sprintf("%x", []byte(j.Result))
	j.Args, j.Result = nil, nil
	if len(j.Meta) == 0 {
		j.Meta = nil
	}
	text, err := json.MarshalIndent(j, "", " ")
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%s\nargs %s\nresult %s", text, args, result)
}
