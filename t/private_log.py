# SPDX-License-Identifier: ISC
"""A /dev of its own with a log socket in it, for a program that is started
behind it: the system's is left alone. COMMAND is to be followed by a directory
that holds an empty "dev" and the socket "syslog", and by the program."""

SCRIPT = """set -e
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
for name in null zero random urandom; do
	: >"$1/dev/$name"
	mount --bind "/dev/$name" "$1/dev/$name"
done
ln -s "$1/syslog" "$1/dev/log"
mount --rbind "$1/dev" /dev
shift
exec "$@"
"""

COMMAND = ["unshare", "--mount", "sh", "-c", SCRIPT, "sh"]
