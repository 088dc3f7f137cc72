# SPDX-License-Identifier: ISC
"""What counts together: stores, and policyds that ask them."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

WAIT = 20
IN_FLIGHT = 32
PROGRAMS = ("valkey-server", "redis-server")


def request(login, instance, client="192.0.2.1"):
    """request - a message, at DATA, with the attributes of Postfix"""
    return ("request=smtpd_access_policy\nprotocol_state=DATA\n"
            "protocol_name=ESMTP\nclient_address=%s\n"
            "client_name=mail.example.net\nreverse_client_name="
            "mail.example.net\nhelo_name=mail.example.net\n"
            "sender=user@example.net\nrecipient=\nrecipient_count=1\n"
            "queue_id=4F2K7Q\ninstance=%s\nsize=0\netrn_domain=\nstress=\n"
            "sasl_method=PLAIN\nsasl_username=%s\nsasl_sender=\n"
            "encryption_protocol=TLSv1.3\n"
            "encryption_cipher=TLS_AES_256_GCM_SHA384\n"
            "encryption_keysize=256\nserver_address=192.0.2.2\n"
            "server_port=587\n\n" % (client, instance, login)).encode()


def connect(path):
    """connect - when it listens"""
    end = time.monotonic() + WAIT
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(WAIT)
        try:
            client.connect(path)
            return client
        except OSError:
            client.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


class Running:
    """A program, in a directory of its own."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="policyd-bench-")
        os.chmod(self.directory, 0o755)
        self.socket = os.path.join(self.directory, "s")
        self.process = None

    def run(self, *command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        connect(self.socket).close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Store(Running):
    """What counts for several hosts."""

    def __init__(self):
        super().__init__()
        program = next(filter(None, map(shutil.which, PROGRAMS)))
        self.port = free_port()
        self.run(program, "--port", str(self.port), "--bind", "127.0.0.1",
                 "--save", "", "--unixsocket", self.socket, "--dir",
                 self.directory, "--logfile", "log")
        self.client = connect(self.socket)

    def connect_inet(self):
        """connect_inet - as another host would"""
        client = socket.create_connection(("127.0.0.1", self.port), WAIT)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def ask(self, text, end=b"\r\n"):
        """ask - a short answer"""
        self.client.sendall(text + b"\r\n")
        answer = b""
        while not answer.endswith(end):
            answer += self.client.recv(65536)
        return answer

    def figure(self, section, pattern):
        """figure - of INFO"""
        found = re.search(pattern, self.ask(b"INFO " + section).decode())
        return int(found.group(1)) if found else 0

    def cpu(self):
        """cpu - seconds so far"""
        text = self.ask(b"INFO cpu").decode()
        return sum(float(line.split(":")[1]) for line in text.splitlines()
                   if line.startswith(("used_cpu_sys:", "used_cpu_user:")))


class Policyd(Running):
    """rate: "", or rate sections; stores: where it counts"""

    def __init__(self, program, rate, *stores):
        super().__init__()
        config = os.path.join(self.directory, "conf")
        os.mkdir(os.path.join(self.directory, "rates"))
        with open(config, "w") as file:
            file.write(
                'listen "unix:%s" { mode = "0666" }\nlog = "%s/log"\n'
                'log_verdicts = { }\npid_file = "%s/pid"\nthreads = 1\n'
                'allow_open_relay = yes\nrate_directory = "%s/rates"\n'
                'restrictions = { %spermit }\n%s\n'
                % (self.socket, self.directory, self.directory, self.directory,
                   "".join("check_rate:%s, " % name for name in re.findall(
                       'rate "(.*?)"', rate)), rate))
            for i, store in enumerate(stores):
                file.write('store "unix:%s" { name = s%d timeout = 5s }\n' %
                           (store.socket, i))
        self.run(program, "-c", config)
        self.ask("first", "0")
        with open("/proc/%d/task/%d/children" % ((self.process.pid,) * 2)) \
                as children:
            self.server = int(children.read().split()[0])

    def ask(self, login, instance):
        """ask - one request on a connection of its own"""
        with connect(self.socket) as client:
            client.sendall(request(login, instance))
            answer = client.recv(4096)
            assert answer.startswith(b"action=permit"), answer


def address(number):
    """address - of a client"""
    return "10.%d.%d.%d" % (number >> 16, number >> 8 & 255, number & 255)


def fill(policyd, count, flight=IN_FLIGHT, message=0):
    """fill - one message of each login, from its own client, many at a time;
    another one if message is another number"""
    clients = [connect(policyd.socket) for _ in range(flight)]
    for first in range(0, count, flight):
        some = clients[:count - first]
        for i, client in enumerate(some):
            client.sendall(request("user%07d@example.net" % (first + i),
                                   "%d.%d" % (first + i, message),
                                   address(first + i)))
        for client in some:
            answer = client.recv(4096)
            assert answer.startswith(b"action=permit"), answer
