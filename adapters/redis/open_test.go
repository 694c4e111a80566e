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
		"redis://localhost/secret":         "number of a database",
		"redis://a,b":                      "addr",
		"redis://localhost?secret_opt=1":   "an option that there is not",
		"redis+sentinel://a:26379":         "master",
		"redis+cluster://a:7000?db=1":      "db",
		"redis+sentinel://a/m/secret/more": "path",
	} {
		err := redis.CheckURL(bad)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want it to say %q", bad, err, want)
		}
	}
}

// Whatever is wrong with a URL, and wherever the reader of URLs believes that the password ends, nothing of it is shown.
func TestNoErrorShowsAPartOfAURL(t *testing.T) {
	const hint = "characters like @ : / ? # % in a password are written as %40 %3A %2F %3F %23 %25"
	for bad, want := range map[string]string{
		"redis://:1234/topsecret@redis.prod:6379/0":           "behind the host",
		"redis://:999/9s3cret@host:6379":                      "behind the host",
		"redis://:7?pool_size=topsecret@redis.prod:6379/0":    "its option pool_size is no number",
		"redis://:7?read_timeout=topsecret@redis.prod:6379/0": "its option read_timeout is no duration",
		"redis://:7?pool_fifo=topsecret@redis.prod:6379/0":    "its option pool_fifo is no boolean",
		"redis://:12?s3cret=x":                                "an option that there is not",
		"redis://:12?s3cret=x&addr=a:1":                       "no option addr;",
		"redis://:12?s3cret@host":                             "an option that there is not",
		"redis://:12?s3;cret@host":                            "options behind the ?",
		"redis://:12?s3%zzcret@host":                          "options behind the ?",
		"redis://:12#s3cret@host":                             "behind the host",
		"redis://localhost/s3cret":                            "number of a database",
		"redis://localhost/0/s3cret":                          "more than the number of a database",
		"redis://localhost?db=s3cret":                         "number of a database",
		"redis://:s3#cret@localhost":                          "invalid port",
		"redis://:s3%zzcret@localhost":                        "invalid URL escape",
		"redis://:s3 cret\x7f@localhost":                      hint,
		"redis://s3 cret":                                     hint,
		"redis://s3:cret@[::1":                                hint,
		"redis://[s3cret]/x@host":                             hint,
		"redis+sentinel://:1234/s3cret@host:26379":            "behind the host",
		"redis+sentinel://:1234/s3/cret@host:26379":           "behind the host",
		"redis+sentinel://:1234?x=s3cret@host:26379":          "does not name the master",
		"redis+sentinel://a/m/s3cret":                         "number of a database",
		"redis+sentinel://a,s3[cret/m":                        "no host and port",
		"redis+sentinel://a/m?protocol=s3cret":                "its option protocol is no number",
		"redis+cluster://:1234/s3cret@host:6379":              "behind the host",
		"redis+cluster://a?addr=s3cret":                       "no host and port",
		"redis+cluster://a?max_redirects=s3cret":              "its option max_redirects is no number",
	} {
		err := redis.CheckURL(bad)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: error %v, want it to say %q", bad, err, want)
			continue
		}
		for _, part := range []string{"s3", "cret", "1234", "999", ":7", "12", "redis.prod"} {
			if strings.Contains(strings.ReplaceAll(err.Error(), "redis://localhost:6379/0", ""), part) {
				t.Errorf("%s: the error shows %q: %v", bad, part, err)
			}
		}
	}
}

// An option is named if there is one of that name, and only then.
func TestEveryOptionThatIsNamedIsThere(t *testing.T) {
	for _, option := range redis.URLOptions {
		there := false
		for _, kind := range []string{"rediss://a", "rediss+sentinel://a/m", "rediss+cluster://a"} {
			err := redis.CheckURL(kind + "?" + option + "=")
			there = there || err == nil || !strings.Contains(err.Error(), "no option "+option)
		}
		if !there {
			t.Errorf("no URL may have the option %s", option)
		}
	}
}
