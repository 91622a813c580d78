#!/usr/bin/env python3
"""The HTML edition: links that arrive, the numbers of the printed one, pages
that fit a phone and the dark."""
import glob
import html
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.chdir(ROOT)
sys.path.insert(0, "tests")
import tap  # noqa: E402

SITE = "build/html"
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--allow-file-access-from-files", "--hide-scrollbars"]
PHONE, DESK = 360, 1280


def ok(good, name, details=()):
    return tap.ok(good, name, *list(details)[:20])


def run(*command, timeout=None):
    env = {k: v for k, v in os.environ.items() if k != "LOOM_DRAFT"}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=env,
                          timeout=timeout)
    return done.returncode, done.stdout, done.stderr


class Page(html.parser.HTMLParser):
    """The identifiers and links of one page, and whether its tags nest."""
    VOID = {"meta", "link", "img", "br", "hr", "col", "input"}

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.sources, self.scripts = [], [], [], 0
        self.open, self.wrong = [], []
        with open(path, encoding="utf-8") as f:
            self.feed(f.read())

    def handle_starttag(self, tag, attrs):
        self.note(tag, dict(attrs))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.note(tag, dict(attrs))

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag not in self.VOID:
            self.wrong.append(f"</{tag}> closes <{self.open[-1] if self.open else ''}>, line {self.getpos()[0]}")
            if tag in self.open:
                while self.open.pop() != tag:
                    pass

    def note(self, tag, attrs):
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag in ("a", "link") and "href" in attrs:
            self.links.append(attrs["href"])
        if "src" in attrs:
            self.sources.append(attrs["src"])
        self.scripts += tag == "script"


def test_links(pages):
    doubles, lost, wrong = [], [], []
    for name, page in pages.items():
        doubles += [f"{name}: {i}" for i in set(page.ids) if page.ids.count(i) > 1]
        wrong += [f"{name}: {w}" for w in page.wrong]
        for link in page.links + page.sources:
            if re.match(r"\w+:", link):
                continue
            file, _, fragment = link.partition("#")
            target = file or name
            if not os.path.exists(f"{SITE}/{target}"):
                lost.append(f"{name}: {link}")
            elif fragment and fragment not in pages[target].ids:
                lost.append(f"{name}: {link}")
    ok(not lost, "every link and every picture is there", lost)
    ok(not doubles, "no identifier is used twice on a page", doubles)
    ok(not wrong, "tags are nested", wrong)
    ok(not any(p.scripts for p in pages.values()), "no page needs a script")
    order = [link for link in pages["index.html"].links if re.match(r"\d\d-[^#]*$", link)]
    ok(set(order) == {p for p in pages if re.match(r"\d\d-", p)}, "the contents list every chapter", order)
    marks = [f"{n}: {m}" for n in pages for m in
             re.findall(r'<strong class="missing">.*?</strong>', open(f"{SITE}/{n}", encoding="utf-8").read())]
    ok(not marks, "nothing is missing", marks)


def test_numbers():
    """Labels have one number in both editions, if both are of the same chapters."""
    sources = glob.glob("chapters/*.nw")
    if not os.path.exists("build/loom.pdf") or \
            os.path.getmtime("build/loom.pdf") < max(map(os.path.getmtime, sources)):
        return tap.skip("numbers are those of the printed edition", "no printed edition of these chapters")
    printed = {}
    for path in glob.glob("build/weave/pdf/*.aux"):
        text = open(path, encoding="utf-8", errors="replace").read()
        printed.update(re.findall(r"\\newlabel\{((?:sec|fig|tbl|eq|ex):[\w-]+)\}\{\{([\d.]+)\}", text))
    numbers = {}
    for path in glob.glob("build/weave/xref/*.num.lua"):
        block = re.search(r'\["labels"\]=\{(.*?)\n?\}', open(path, encoding="utf-8").read(), re.S)
        numbers.update(re.findall(r'\["([^"]+)"\]="([\d.]+)"', block[1] if block else ""))
    different = [f"{k}: {numbers[k]}, printed {printed[k]}" for k in numbers if k in printed and numbers[k] != printed[k]]
    common = set(numbers) & set(printed)
    ok(common and not different, "numbers are those of the printed edition", different)


PROBE = """<!DOCTYPE html><meta charset="utf-8"><body><script>
const pages = %s, widths = %s, out = [];
function look(page, width) {
  return new Promise(done => {
    const frame = document.createElement('iframe');
    frame.style.cssText = `width:${width}px;height:800px;border:0`;
    frame.onload = async () => {
      const d = frame.contentDocument, w = frame.contentWindow;
      await d.fonts.ready;
      const broken = [...d.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src);
      const wide = d.documentElement.scrollWidth <= width ? [] : [...d.body.querySelectorAll('*')]
        .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('pre, .table, .equation'))
        .slice(0, 3).map(e => e.outerHTML.slice(0, 90));
      out.push({page, width, scroll: d.documentElement.scrollWidth, broken, wide,
        paper: w.getComputedStyle(d.body).backgroundColor, ink: w.getComputedStyle(d.body).color,
        fonts: [...d.fonts].filter(f => f.status == 'error').map(f => f.family)});
      frame.remove(); done();
    };
    frame.src = page; document.body.append(frame);
  });
}
(async () => {
  for (const width of widths) for (const page of pages) await look(page, width);
  const pre = document.createElement('pre'); pre.id = 'result';
  pre.textContent = JSON.stringify(out); document.body.append(pre);
})();
</script></body>"""


def browse(pages, widths, *options):
    """What a browser makes of the pages at these widths."""
    profile = tempfile.mkdtemp(prefix="chromium-")
    probe = f"{SITE}/probe.html"
    with open(probe, "w", encoding="utf-8") as f:
        f.write(PROBE % (json.dumps(pages), json.dumps(widths)))
    try:
        _, dom, errors = run(*CHROMIUM, f"--user-data-dir={profile}", "--window-size=1400,900",
                             "--virtual-time-budget=90000", *options, "--dump-dom",
                             "file://" + os.path.abspath(probe), timeout=600)
        found = re.search(r'<pre id="result">(.*?)</pre>', dom, re.S)
        return json.loads(html.unescape(found[1])) if found else []
    except subprocess.TimeoutExpired:
        return []
    finally:
        os.remove(probe)
        shutil.rmtree(profile, ignore_errors=True)


def luminance(color):
    r, g, b = (int(x) for x in re.findall(r"\d+", color)[:3])
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255


def test_browser(pages):
    names = sorted(pages)
    seen = browse(names, [PHONE, DESK])
    if not ok(len(seen) == 2 * len(names), "a browser loads every page", [f"{len(seen)} of {2 * len(names)}"]):
        return
    wide = [f"{s['page']} at {s['width']}: {s['scroll']} {s['wide']}" for s in seen if s["scroll"] > s["width"]]
    ok(not wide, f"no page scrolls sideways at {PHONE} pixels", wide)
    broken = [f"{s['page']}: {b}" for s in seen for b in s["broken"]]
    ok(not broken, "every figure loads", broken)
    fonts = [f"{s['page']}: {f}" for s in seen for f in s["fonts"]]
    ok(not fonts, "every face loads", fonts)
    ok(all(luminance(s["paper"]) > 0.8 > 0.4 > luminance(s["ink"]) for s in seen), "pages are light by day")
    dark = browse(names[:2], [DESK], "--blink-settings=preferredColorScheme=0")
    ok(dark and all(luminance(s["paper"]) < 0.2 < 0.6 < luminance(s["ink"]) for s in dark), "and dark by night",
       [str(s) for s in dark])


code, said, errors = run("book/weave/html")
if ok(code == 0, "the pages are woven", (said + errors).splitlines()[-15:]):
    site = {os.path.basename(p): Page(p) for p in glob.glob(f"{SITE}/*.html")}
    test_links(site)
    test_numbers()
    test_browser(site)
tap.done()
