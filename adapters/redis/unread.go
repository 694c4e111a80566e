package redis

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// errMaster is a URL of sentinels that does not say whose.
var errMaster = errors.New("it does not name the master, as in redis+sentinel://host:26379/mymaster")

// errSplit is a URL of which what was meant for the password ended up behind the host.
var errSplit = errors.New("there is an @ or a # behind the host")

// errQuery is a URL whose options cannot be told apart.
var errQuery = errors.New("the options behind the ? have the wrong form")

// undivided refuses a URL whose password has a / ? or # as it is. Such a password ends there, and what is before it would be
// taken for a host and its port, of which errors and logs tell.
func undivided(u *url.URL) error {
	if u.Fragment != "" || strings.Contains(u.EscapedPath(), "@") {
		return unread(errSplit)
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil { // of which others would take what they can
		return unread(errQuery)
	}
	return nil
}

// unread says that a URL cannot be read, and why in words of our own: what others say of it may quote the password.
func unread(err error) error {
	text := "the url cannot be read"
	if why := whyUnread(err); why != "" {
		text += ": " + why
	}
	return errors.New(text + "; characters like @ : / ? # % in a password are written as %40 %3A %2F %3F %23 %25")
}

// readings is what the client, and the standard library, say of a URL that they cannot read, and our words for it.
var readings = []struct{ theirs, ours string }{
	{"redis: invalid database number", "its path is no number of a database, as the 0 of redis://localhost:6379/0"},
	{"redis: invalid URL path", "its path is more than the number of a database, as the 0 of redis://localhost:6379/0"},
	{"redis: unable to parse addr param", "one of its hosts is no host and port"},
	{"net/url: invalid userinfo", "invalid userinfo"},
	{"invalid URL escape", "invalid URL escape"},
	{"invalid port", "invalid port"},
}

// whyUnread is why a URL cannot be read; nothing, if we have no words for it.
func whyUnread(err error) string {
	if errors.Is(err, errMaster) || errors.Is(err, errSplit) || errors.Is(err, errQuery) {
		return err.Error()
	}
	if wrong, ok := errors.AsType[*url.Error](err); ok {
		err = wrong.Err
	}
	text := err.Error()
	if m := invalidOption.FindStringSubmatch(text); m != nil && slices.Contains(options, m[1]) {
		return "its option " + m[1] + " is no " + m[2]
	}
	if names, ok := strings.CutPrefix(text, "redis: unexpected option: "); ok {
		return unexpected(strings.Split(names, ", "))
	}
	for _, r := range readings {
		if strings.HasPrefix(text, r.theirs) {
			return r.ours
		}
	}
	return ""
}

// unexpected tells of options that a URL may not have, and names those that another URL may.
func unexpected(names []string) string {
	known := slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(options, name) })
	if len(known) == 0 {
		return "it has an option that there is not"
	}
	return "a URL of this kind has no option " + strings.Join(known, ", ")
}

var invalidOption = regexp.MustCompile(`^redis: invalid (\w+) (number|duration|boolean): `)

// options is every name of an option that there is, for one kind of URL or another. No other name is ever shown, since it
// may be a part of a password.
var options = strings.Fields(`
	addr client_name conn_max_idle_time conn_max_lifetime conn_max_lifetime_jitter context_timeout_enabled db dial_timeout
	dialer_retries dialer_retry_timeout disableIdentity failing_timeout_seconds identitySuffix idle_timeout master_name
	max_active_conns max_concurrent_dials max_conn_age max_idle_conns max_redirects max_retries max_retry_backoff
	min_idle_conns min_retry_backoff password pipeline_pool_size pipeline_read_buffer_size pipeline_write_buffer_size
	pool_fifo pool_size pool_timeout protocol read_only read_timeout replica_only route_by_latency
	route_by_latency_tolerance route_randomly sentinel_password sentinel_username skip_verify unstable_resp3
	use_disconnected_replicas username write_timeout
`)
