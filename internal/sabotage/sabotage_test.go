package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A rule that is not found any more would be missed only when somebody takes out all.
func TestEveryRuleStandsWhereItIsLookedFor(t *testing.T) {
	for _, s := range slices.Concat(coreRules, configRules, clientRules, workerRules, offerRules, memoryRules, redisRules, usageRules, tenancyRules, faultRules) {
		if s.old == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(s.file)))
		if err != nil {
			t.Errorf("%s: %v", s.rule, err)
		} else if n := strings.Count(string(text), s.old); n != 1 {
			t.Errorf("%s: %q stands in %s %d times, and should once", s.rule, s.old, s.file, n)
		}
	}
}
