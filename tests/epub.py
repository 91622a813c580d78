"""Links of an EPUB that do not arrive."""
import os
import posixpath
import re
import zipfile


def lost_links(path):
    """(number of links, those whose file or identifier is not there)"""
    with zipfile.ZipFile(path) as book:
        names = set(book.namelist())
        texts = {n: book.read(n).decode() for n in names if n.endswith(".xhtml")}
    ids = {n: set(re.findall(r' id="([^"]+)"', t)) for n, t in texts.items()}
    count, lost = 0, []
    for name, text in texts.items():
        for link in re.findall(r'(?:href|src)="([^"]+)"', text):
            if re.match(r"\w+:", link):
                continue
            count += 1
            file, _, fragment = link.partition("#")
            target = posixpath.normpath(posixpath.join(os.path.dirname(name), file)) if file else name
            if target not in names or (fragment and fragment not in ids.get(target, ())):
                lost.append(f"{name}: {link}")
    return count, lost
