#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_page - the page of the metrics section for people, in a real browser;
nothing hostile comes through.

usage: test_page.py POLICYD [TEST ...]
"""

import os
import re
import shutil
import sys
import threading
import time

from kit.browser import Browser
from kit.daemon import OURS, REQUEST, run_all, wait_until
from kit.metrics import LOGGED_IN, Watched

PICTURES = os.environ.get("POLICYD_TEST_PICTURES")   # a directory to keep them
HOSTILE = [b"<script>document.title='owned'</script>",
           b"\"><img src=x onerror=document.title='owned'>",
           b"</code></p><h1>owned</h1>", b"&lt;b&gt;&amp;",
           b"'+alert(1)+'", b"\xff\xfe\x80", b"\x1b[2J\x07",
           "\u202egnp.exe\u2066\u200b".encode(), b"</style>{}", b"%3Cb%3E"]


def brightness(text):
    """brightness - the relative luminance of #rgb or #rrggbb (WCAG 2.1)"""
    digits = text[1:] if len(text) == 7 else "".join(
        each * 2 for each in text[1:])
    parts = [int(digits[each:each + 2], 16) / 255 for each in (0, 2, 4)]
    parts = [each / 12.92 if each <= 0.03928 else
             ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_colours(program):
    """who sees no colours can still tell permitted from rejected, by day and
    by night"""
    with Watched(program) as policyd:
        page = policyd.get("/")[2]
    themes = re.findall(r":root\{(.*?)\}", page)
    assert len(themes) == 2, page
    for theme in themes:
        permitted, rejected = (
            brightness(re.search(r"--%s:(#[0-9a-f]+)" % name, theme).group(1))
            for name in "pr")
        contrast = (permitted + 0.05) / (rejected + 0.05)
        assert contrast >= 3, contrast


def badge(policyd):
    """badge - the state on the page, its colour, and the notes"""
    page = policyd.get("/")[2]
    found = re.search(r'class="state (\w+)">([^<]*)<', page)
    assert "<title>policyd: %s</title>" % found.group(2) in page, page
    return found.groups() + (re.search(
        r'<ul class="notes">(.*?)</ul>', page).group(1),)


def test_badge(program):
    """the badge has the worst state; what is not well is named"""
    with Watched(program) as policyd:
        assert badge(policyd) == ("green", "serving", "")
        policyd.configure("mode = observe\n")
        colour_of, text, notes = badge(policyd)
        assert (colour_of, text) == ("amber", "not up to date"), notes
        assert policyd.config in notes, notes
        policyd.reload()
        colour_of, text, notes = badge(policyd)
        assert (colour_of, text) == ("amber", "observing"), notes
        policyd.write_config("broken {\n")
        policyd.reload_refused()
        wait_until(lambda: badge(policyd)[1] == "reload refused", "the news")
        colour_of, text, notes = badge(policyd)
        assert colour_of == "red" and "policyd.conf:1: " in notes, notes
        policyd.configure()
    with Watched(program, 'relay_domains = "texthash:/nonexistent/table"\n') \
            as policyd:
        colour_of, text, notes = badge(policyd)
        assert (colour_of, text) == ("red", "table unreadable"), notes
        assert "texthash:/nonexistent/table" in notes, notes


def test_shadow(program):
    """what the next configuration would have answered"""
    with Watched(program) as policyd:
        shadow = policyd.path("next.conf")
        shutil.copy(policyd.config, shadow)
        with open(shadow, "a") as file:
            file.write("restrictions = { reject }\n")
        policyd.configure('shadow = "%s"\n' % shadow)
        policyd.reload()
        said = "<code>%s</code> (<code>shadow</code>) would have " \
            "answered %%s differently; 0 of them it would have let pass.</li>" \
            % shadow
        assert said % "0 of 0 requests" in badge(policyd)[2], badge(policyd)
        policyd.ask()
        assert badge(policyd)[::2] == (
            "green", "<li>The configuration in " + said % "1 of 1 request")


def test_figures(program):
    """axes have times and numbers, and it is said how long decisions take"""
    with Watched(program) as policyd:
        assert "<dt>99 % took</dt><dd>-</dd>" in policyd.get("/")[2]
        for _ in range(3):
            policyd.ask()
        page = policyd.get("/")[2]
        for period, axis in (("minute", ("-1 min 0 s", "-30 s")),
                             ("hour", ("-1 h 0 min", "-30 min 0 s")),
                             ("day", ("-1 d 0 h", "-12 h 0 min"))):
            own = re.search(r'<article id="%s">.*?</article>' % period, page,
                            re.S).group(0)
            axes = re.findall(r'<p class="axis">(.*?)</p>', own)
            assert axes[1] == "<span>%s</span><span>%s</span>" \
                "<span>now</span>" % axis, axes
            assert re.match("<span>[123] in ", axes[0]), axes
            assert "<title>3 permitted</title>" in own or \
                own.count(" permitted</title>") > 1, own
        assert re.search("<dt>99 % took</dt><dd>&[lg]t; [0-9.]+ ms</dd>", page)
        assert '<meta http-equiv="refresh" content="60">' in page


def test_frequent(program):
    """what is refused most often is first: by client, domain and reason"""
    with Watched(program) as policyd:
        for number in range(200):
            policyd.ask(REQUEST.replace(b"192.0.2.1", b"198.51.100.%d" % (
                number % 250)) % (b"a@once%d.example" % number))
            if number % 4 == 0:
                policyd.ask(REQUEST % b"a@often<b>.example")
        page = re.search(r'<section class="card" id="frequent">.*?</section>',
                         policyd.get("/")[2], re.S).group(0)
        for title, text in (("client", "192.0.2.1"),
                            ("domain of the recipient",
                             "often&lt;b&gt;.example")):
            found = re.search(
                r'<h3>by %s</h3><ul class="names">\n<li><span>([^<]*)</span>'
                r"<b>(\d+)</b>" % title, page)
            assert found and found.group(1) == text, page
            assert 50 <= int(found.group(2)) <= 60, page
        assert "<span>not encrypted</span><b>250</b>" in page, page


class Load(threading.Thread):
    """Requests of all kinds, until it is stopped."""

    def __init__(self, policyd, counts):
        super().__init__()
        self.policyd = policyd
        self.counts = counts
        self.stop = threading.Event()

    def __enter__(self):
        """__enter__ - returns when there is something to be drawn"""
        wanted = self.counts["rejected"] + len(HOSTILE) + 2
        self.start()
        wait_until(lambda: self.counts["rejected"] >= wanted, "requests")
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.join()

    def run(self):
        with self.policyd.client() as client:
            number = 0
            while not self.stop.is_set():
                hostile = HOSTILE[number % len(HOSTILE)]
                number += 1
                request = (REQUEST % (hostile + b"@remote.example")).replace(
                    b"a@client.example", hostile + b"@client.example")
                for each, kind in ((OURS, "permitted"),
                                   (LOGGED_IN, "permitted"),
                                   (request, "rejected")):
                    client.ask(each)
                    self.counts[kind] += 1


def colour(text):
    """colour - how bright rgb(...) is, from 0 to 255"""
    return sum(int(part) for part in re.findall(r"\d+", text)[:3]) / 3


def look_at_page(browser, policyd, name, **view):
    """look_at_page - as somebody sees it; what it says in figures"""
    browser.look(**view)
    said = browser.open("http://127.0.0.1:%d/" % policyd.port)
    assert not said, "the browser complains: %s" % said
    assert browser.value("document.title") == "policyd: serving"
    width = browser.value("document.documentElement.scrollWidth")
    assert width <= view["width"], "%s is %d wide" % (name, width)
    paper, ink = (colour(browser.value(
        "getComputedStyle(document.body)." + what))
        for what in ("backgroundColor", "color"))
    assert abs(paper - ink) > 150, (name, paper, ink)
    assert (paper < ink) == view.get("dark", False), (name, paper, ink)
    if PICTURES:
        browser.picture(os.path.join(PICTURES, name + ".png"))
    return browser.value("document.body.innerText")


def shown(text, pattern):
    """shown - the number in a text of the page"""
    found = re.search(pattern, text)
    assert found, (pattern, text)
    return int(re.sub(r"\s", "", found.group(1)))


NUMBER = r"(\d[\d\u202f]*)"


def last_page(browser, policyd, counts):
    """last_page - the page after the last request; what was counted within the
    last minute for sure, None: this machine takes too long to know"""
    before, begin = dict(counts), time.monotonic()
    with Load(policyd, counts):
        pass
    text = look_at_page(browser, policyd, "end", width=1280)
    assert shown(text, "total decisions\n+" + NUMBER) == sum(counts.values())
    if time.monotonic() - begin > 58:
        return None
    return {kind: counts[kind] - before[kind] for kind in counts}


def test_page(program):
    """the page in a real browser, under load, by day, night and on a phone"""
    service = 'service "mx" { server_port = { 25 } }\n'
    counts = {"permitted": 0, "rejected": 0}
    with Watched(program, service) as policyd, Browser() as browser:
        with Load(policyd, counts):
            look_at_page(browser, policyd, "light", width=1280)
            dark = look_at_page(browser, policyd, "dark", width=1280,
                                dark=True)
            first = shown(dark, "total decisions\n+" + NUMBER)
            phone = look_at_page(browser, policyd, "phone", width=360,
                                 phone=True)
            assert shown(phone, "total decisions\n+" + NUMBER) > first > 0
        latest = wait_until(lambda: last_page(browser, policyd, counts),
                            "the page within a minute")
        for period in ("minute", "hour", "day"):
            own = browser.value('document.getElementById("%s").innerText'
                                % period)
            least = latest if period == "minute" else counts
            for kind, count in counts.items():
                assert least[kind] <= shown(
                    own, "%s %s" % (kind, NUMBER)) <= count, own
            assert least["permitted"] // 2 <= shown(
                own, "permit_auth_destination\n+" + NUMBER) <= \
                counts["permitted"] // 2, own
            drawn = browser.value(
                '[...document.querySelectorAll("#%s svg.time rect")].map('
                'rect => rect.getBoundingClientRect().height).filter('
                'height => height > 1).length' % period)
            assert drawn >= 2, (period, drawn)
        check_hostile(browser)
        own = browser.value(
            'document.getElementById("configuration").innerText')
        assert re.search(r'server_port = 25\s+\S*policyd\.conf:\d+', own), own
        assert browser.value("document.querySelectorAll('script,img,iframe,"
                             "a,form,link,object').length") == 0


def check_hostile(browser):
    """check_hostile - the last refusals are shown, and are only text"""
    refusals = browser.value('[...document.querySelectorAll("#refusals .who")]'
                             '.map(each => each.textContent)')
    assert len(refusals) == 12, refusals
    text = "\n".join(refusals)
    for part in ("<script>document.title='owned'</script>@client.example",
                 "\"><img src=x onerror=document.title='owned'>",
                 "</code></p><h1>owned</h1>", "&lt;b&gt;&amp;",
                 "\\xFF\\xFE\\x80", "\\x1B[2J\\x07", "\\xE2\\x80\\xAEgnp.exe",
                 "%3Cb%3E"):
        assert part in text, (part, text)
    assert browser.value("document.querySelectorAll('h1').length") == 1
    why = browser.value('document.querySelector("#refusals li").innerText')
    assert re.search(r"reject by reject_plaintext_session: the (destination is "
                     r"not ours|address has no valid domain); not encrypted",
                     why), why
    assert re.search(r"client 192\.0\.2\.1, service default, id \w{6}, "
                     r"answered 554 5\.7\.1 Relay access denied", why), why


if __name__ == "__main__":
    sys.exit(run_all([
        test_colours, test_badge, test_shadow, test_figures, test_frequent,
        test_page]))
