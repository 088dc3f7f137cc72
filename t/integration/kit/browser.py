# SPDX-License-Identifier: ISC
"""A headless Chromium, driven over its debugging pipe: messages are JSON, each
ended by a NUL. Needs no module but what Python has."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from kit.daemon import WAIT


class Browser:
    """One browser with one page."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="policyd-browser-")
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()
        with open(os.path.join(self.directory, "said"), "wb") as said:
            self.process = subprocess.Popen(
                ["sh", "-c", 'exec 3<&%d 4>&%d; exec "$@"' % (
                    to_browser, from_browser), "sh",
                 "chromium", "--headless", "--no-sandbox", "--disable-gpu",
                 "--disable-dev-shm-usage", "--no-first-run",
                 "--disable-background-networking",
                 "--disable-component-update", "--hide-scrollbars",
                 "--user-data-dir=" + os.path.join(self.directory, "profile"),
                 "--remote-debugging-pipe", "about:blank"],
                pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL,
                stdout=said, stderr=said,
                env=dict(os.environ, HOME=self.directory))
        os.close(to_browser)
        os.close(from_browser)
        self.received = b""
        self.number = 0
        self.events = []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=target["targetId"])["sessionId"]
        self.call("Page.enable")
        self.call("Log.enable")
        self.call("Runtime.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.output)
        os.close(self.input)
        shutil.rmtree(self.directory, ignore_errors=True)

    def message(self, deadline):
        """message - the next one"""
        while b"\0" not in self.received:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.input], [], [], max(left, 0))
            data = os.read(self.input, 1 << 16) if ready else b""
            if not data:
                with open(os.path.join(self.directory, "said"),
                          errors="replace") as file:
                    raise AssertionError("chromium is silent: %s"
                                         % file.read()[-2000:])
            self.received += data
        text, _, self.received = self.received.partition(b"\0")
        return json.loads(text)

    def call(self, method, **parameters):
        """call - a command; its result"""
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.output, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + WAIT
        while True:
            message = self.message(deadline)
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def open(self, address):
        """open - a page, until it is loaded; what the console says of it"""
        self.events = []
        result = self.call("Page.navigate", url=address)
        assert "errorText" not in result, result
        deadline = time.monotonic() + WAIT
        while not any(event["method"] == "Page.loadEventFired"
                      for event in self.events):
            self.events.append(self.message(deadline))
        self.value("0")
        return [event["params"] for event in self.events
                if event["method"] in ("Log.entryAdded",
                                       "Runtime.consoleAPICalled",
                                       "Runtime.exceptionThrown",
                                       "Page.javascriptDialogOpening")]

    def value(self, expression):
        """value - of an expression in the page"""
        result = self.call("Runtime.evaluate", expression=expression,
                           returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def look(self, width, dark=False, phone=False):
        """look - through a window of that width, by day or night"""
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=900, deviceScaleFactor=1, mobile=phone)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"}])

    def picture(self, path):
        """picture - of the whole page"""
        data = self.call("Page.captureScreenshot", format="png",
                         captureBeyondViewport=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
