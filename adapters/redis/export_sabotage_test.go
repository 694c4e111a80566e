//go:build sabotage

package redis

import "os"

// ReadScripts reads all scripts from the current folder instead of those that were built in.
func ReadScripts() {
	for _, s := range []*script{
		enqueueScript, leaseScript, extendScript, giveBackScript, swapScript, exchangeScript, changeScript, cancelScript, getScript, countScript, linesScript,
		pauseScript, purgeScript, purgeJobsScript, purgeDoneScript, purgeHistoryScript, limitScript, assignScript, allowanceScript, recordScript, quarantineScript, queuesScript, auditScript, verifyScript, mendScript, checkScript, rosterScript,
		accountScript, usageScript, loadScript, whoseScript, forgetScript,
	} {
		s.read(os.DirFS("."))
	}
}
