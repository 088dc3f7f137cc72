# SPDX-License-Identifier: ISC
"""A throw-away certification authority: openssl ca(1), which can also make
certificates of yesterday and revoke them."""

import datetime
import os
import subprocess

from kit.daemon import WAIT

CONFIG = """\
[ca]
default_ca = this
[this]
database = %(path)s.index
serial = %(path)s.serial
crlnumber = %(path)s.crlnumber
new_certs_dir = %(directory)s
certificate = %(path)s.pem
private_key = %(path)s.key
default_md = sha256
default_days = 2
default_crl_days = 2
policy = anything
unique_subject = no
[anything]
commonName = supplied
[client]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
[server]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:policyd.local.test,IP:127.0.0.1
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[email]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = emailProtection
"""


def openssl(*argv):
    """openssl - run it; its output"""
    done = subprocess.run(("openssl",) + argv, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=WAIT)
    assert done.returncode == 0, "openssl %s: %s" % (argv, done.stderr)
    return done.stdout


def new_key(path):
    """new_key - of the fast kind, for its owner only"""
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-out", path)
    os.chmod(path, 0o600)


def fingerprint(path):
    """fingerprint - SHA-256 of a certificate, AB:CD:..."""
    return openssl("x509", "-in", path, "-noout", "-fingerprint",
                   "-sha256").strip().split("=")[1]


def moment(days):
    """moment - this number of days from now, in the format of openssl ca(1)"""
    when = datetime.datetime.now(datetime.timezone.utc)
    return (when + datetime.timedelta(days)).strftime("%Y%m%d%H%M%SZ")


class Authority:
    """NAME.pem and NAME.key in a directory, and what it has signed; its own
    certificate is signed by itself or by another authority."""

    def __init__(self, directory, name="ca", signer=None):
        self.directory = directory
        self.path = os.path.join(directory, name)
        self.certificate = self.path + ".pem"
        if signer:
            signer.issue(name, "authority")
        else:
            new_key(self.path + ".key")
            openssl("req", "-x509", "-new", "-key", self.path + ".key",
                    "-subj", "/CN=Throw-away authority " + name,
                    "-days", "2", "-out", self.certificate)
        for ending, text in ((".index", ""), (".serial", "1000\n"),
                             (".crlnumber", "1000\n"),
                             (".cnf", CONFIG % self.__dict__)):
            with open(self.path + ending, "w") as file:
                file.write(text)

    def issue(self, name, kind="client", start=-1, end=2):
        """issue - NAME.pem and NAME.key; its path without the ending"""
        path = os.path.join(self.directory, name)
        new_key(path + ".key")
        openssl("req", "-new", "-key", path + ".key", "-subj", "/CN=" + name,
                "-out", path + ".csr")
        openssl("ca", "-config", self.path + ".cnf", "-batch", "-notext",
                "-extensions", kind, "-in", path + ".csr",
                "-startdate", moment(start), "-enddate", moment(end),
                "-out", path + ".pem")
        return path

    def revoke(self, path):
        """revoke - that certificate"""
        openssl("ca", "-config", self.path + ".cnf", "-revoke", path + ".pem")

    def crl(self, path, **dates):
        """crl - write the list of those that were revoked"""
        more = [text for name, days in dates.items()
                for text in ("-" + name, moment(days))]
        openssl("ca", "-config", self.path + ".cnf", "-gencrl", "-out", path,
                *more)
        return path
