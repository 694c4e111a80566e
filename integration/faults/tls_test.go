package faults_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// authority is who signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // for SSL_CERT_FILE
}

// newAuthority makes one.
func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, file: filepath.Join(t.TempDir(), name)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	text, key := sign(t, template, nil)
	a.key = key
	block, _ := pem.Decode([]byte(text))
	var err error
	if a.cert, err = x509.ParseCertificate(block.Bytes); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// sign makes a certificate, signed by an authority or by itself, and its key.
func sign(t *testing.T, template *x509.Certificate, by *authority) (text string, key *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), key
}

// tls has a server, as it runs, speak TLS on port 6380 with a new certificate.
func (s *server) tls(a *authority, serial int64) {
	s.t.Helper()
	host, _, _ := net.SplitHostPort(s.inside())
	cert, key := sign(s.t, &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "redis"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(host), net.ParseIP("127.0.0.1")},
	}, a)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.sh("cat >/tmp/cert.pem <<'END'\n" + cert + "END\ncat >/tmp/key.pem <<'END'\n" + string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})) + "END\n")
	s.do("CONFIG", "SET", "tls-cert-file", "/tmp/cert.pem", "tls-key-file", "/tmp/key.pem", "tls-ca-cert-file", "/tmp/cert.pem", "tls-auth-clients", "no", "tls-port", 6380)
}

// trusting is the environment of a process that trusts an authority, and nobody else.
func (a *authority) trusting() []string {
	return []string{"SSL_CERT_FILE=" + a.file, "SSL_CERT_DIR=" + filepath.Dir(a.file)}
}

// Over TLS all goes with the right authority, and nothing with another, least of all in plain text; and a server may get a
// new certificate.
func TestTLS(t *testing.T) {
	t.Parallel()
	docker(t)
	server := newServer(t, redis7, durable("everysec")...)
	ours, others := newAuthority(t, "ours"), newAuthority(t, "others")
	server.tls(ours, 100)
	host, _, _ := net.SplitHostPort(server.inside())
	s := newScenario(t, "tls", server, quick)
	p := newProxy(t, net.JoinHostPort(host, "6380"))
	backend := fmt.Sprintf("{ type: redis, url: %q, startup: strict }", "rediss://"+p.addr()+"/0")
	w := s.workAt(backend, ours.trusting()...)
	s.enqueue(0, 10, errand{})
	s.drained(10 * time.Second)

	refused := s.launch(backend, others.trusting()...)
	if code := refused.wait(20 * time.Second); code == 0 || !strings.Contains(refused.log.String(), "certificate signed by unknown authority") {
		t.Errorf("with another authority it ended with code %d:\n%s", code, refused.log)
	}
	client, _, _ := s.application(strings.Replace(backend, "strict", "warn", 1)) // this process trusts neither
	if _, err := client.Enqueue(t.Context(), errand{}); err == nil || errors.Is(err, jobs.ErrUncertain) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with no authority an enqueue says: %v", err)
	}

	s.enqueue(10, 5, errand{Takes: 3 * time.Second})
	s.running(5)
	server.kill()
	server.start()
	server.tls(ours, 200)
	conn, err := tls.Dial("tcp", net.JoinHostPort(host, "6380"), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // only to look
	if err != nil {
		t.Fatal(err)
	}
	if serial := conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(); serial != 200 {
		t.Errorf("the server has certificate %d", serial)
	}
	_ = conn.Close()
	s.enqueue(20, 5, errand{})
	s.drained(15 * time.Second)
	w.term()
	w.wait(20 * time.Second)
	if _, first, _ := p.seen(); strings.Trim(first, "\x16") != "" {
		t.Errorf("connections began with %q, and a handshake begins with %q", first, "\x16")
	}
	s.judge(0, 0, "another authority: refused; a new certificate: taken")
}
