package redis_test

import (
	"strings"
	"testing"

	"github.com/boundary-go/jobs/adapters/redis"
)

func TestURLs(t *testing.T) {
	for _, good := range []string{
		"redis://localhost", "redis://:secret@localhost:6379/3", "rediss://ann:secret@redis.example.com:6380?pool_size=50&read_timeout=2s",
		"redis+sentinel://ann:secret@a:26379,b:26379,c:26379/mymaster/2?sentinel_password=other",
		"rediss+sentinel://a/mymaster", "redis+cluster://ann:secret@a:7000,b:7001,c", "rediss+cluster://a:7000",
	} {
		if err := redis.CheckURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"":                                 "begins with redis://",
		"localhost:6379":                   "begins with redis://",
		"http://localhost":                 "begins with redis://",
		"redis+magic://localhost":          "begins with redis://",
		"redis://":                         "no host",
		"redis://:se#cret@localhost":       "%23",
		"redis://:sec%zzret@localhost":     "%25",
		"redis://localhost:secret":         "port",
		"redis://localhost/secret":         "database number",
		"redis://a,b":                      "addr",
		"redis://localhost?secret_opt=1":   "secret_opt",
		"redis+sentinel://a:26379":         "master",
		"redis+cluster://a:7000?db=1":      "db",
		"redis+sentinel://a/m/secret/more": "path",
	} {
		err := redis.CheckURL(bad)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want it to say %q", bad, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "se#cret") || strings.Contains(err.Error(), "sec%zzret") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}
