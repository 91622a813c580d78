# stream.awk: put the sections of each chapter's rooms where their stubs are.
#
# In: `markup -t` of a chapter's main.nw, then of its rooms, for each chapter;
# or of files by themselves; `lines` is the file in which `wc -l` counted theirs.
# Out: see book/stream.

function complain(place, message)
{
	print place ": " message > "/dev/stderr"
	mistakes++
}

function folder(path)
{
	return path ~ /\/main\.nw$/ ? substr(path, 1, length(path) - 8) : path
}

# --- a file is read into token[first[f] .. last[f]], with its headings

# A heading of a section or subsection: its level, or 0.
function level_of(text)
{
	return text ~ /^### / ? 3 : text ~ /^## / ? 2 : 0
}

function identifier_of(text)
{
	return match(text, /\{#[A-Za-z]+:[A-Za-z0-9_:-]+[ }]/) ?
		substr(text, RSTART + 2, RLENGTH - 3) : ""
}

function title_of(text)
{
	sub(/^#+ +/, "", text)
	sub(/ *\{[^}]*\} *$/, "", text)
	return text
}

function note_heading(    h)
{
	h = ++headings
	where[h] = line_start
	line_of[h] = line
	level[h] = level_of(text)
	id[h] = identifier_of(text)
	title[h] = title_of(text)
	stub[h] = text ~ /\{[^}]*\.back[ }][^}]*$|\{[^}]*\.back\}[ ]*$/
	last_heading[files] = h
}

# noweb ends well if there was no room for its tokens, and takes all text up to
# the next definition for code if a chunk is not closed.
BEGIN {
	while ((getline count < lines) > 0) {
		match(count, /^ *[0-9]+ /)
		lines_of[substr(count, RLENGTH + 1)] = count + 0
	}
}

function end_file()
{
	if (!files)
		return
	if (after_code)
		complain(path[files] ":" chunk_line, "the chunk that begins here is not closed by a line with @")
	if (line - 1 != lines_of[path[files]] && line - 2 != lines_of[path[files]] ||
	    last[files] && token[last[files]] !~ /^@end /)
		complain(path[files], "noweb passed on " line - 1 " of " lines_of[path[files]] " lines; is there no room in TMPDIR?")
}

/^@begin code/ {
	if (after_code)
		complain(path[files] ":" chunk_line, "the chunk that begins here is not closed by a line with @")
	chunk_line = line
}
/^@(begin|end) / { after_code = /^@end code/ }

/^@file / {
	end_file()
	after_code = 0
	files++
	path[files] = substr($0, 7)
	first[files] = NR + 1
	first_heading[files] = headings + 1
	last_heading[files] = headings
	line = 1
	fence = text = ""
	in_docs = 0
	next
}

{
	token[NR] = $0
	last[files] = NR
}

/^@begin docs/ { in_docs = 1; line_start = NR + 1; text = ""; next }
/^@end docs/   { in_docs = 0; next }
in_docs && /^@text /    { text = text substr($0, 7) }
in_docs && /^@quote/    { text = text "[[" }
in_docs && /^@endquote/ { text = text "]]" }

/^@nl$|^@index nl/ {
	if (in_docs) {
		if (match(text, /^ *```+/)) {
			if (fence == "")
				fence = substr(text, RSTART, RLENGTH)
			else if (index(text, fence) == 1 && text ~ /^ *`+ *$/)
				fence = ""
		} else if (fence == "" && level_of(text))
			note_heading()
		line_start = NR + 1
		text = ""
	}
	line++
}

# --- a chapter is main.nw, file m, and the rooms up to file e

# Tokens from heading h (or the begin of file f) to heading g (or the end).
function put(f, h, g,    i, to)
{
	i = h ? where[h] : first[f]
	to = g ? where[g] - 1 : last[f]
	if (i > to)
		return
	print "@file " path[f]
	print "@line " (h ? line_of[h] : 1)
	if (h)
		print "@begin docs 0"
	for (; i <= to; i++)
		print token[i]
	if (g)
		print "@end docs 0"
	else		# what comes from another file begins a paragraph
		print "@begin docs 0\n@nl\n@end docs 0"
}

# Learns where the section of each stub is, and that nothing is without one.
function find_bodies(m, e,    f, h, i, s)
{
	for (h = first_heading[m]; h <= last_heading[m]; h++) {
		if (!stub[h])
			continue
		if (id[h] == "")
			complain(path[m] ":" line_of[h], "a section with .back needs an identifier")
		stub_of[m, id[h]] = h
	}
	for (f = m + 1; f <= e; f++) {
		s = 0
		for (h = first_heading[f]; h <= last_heading[f]; h++) {
			if (id[h] == "" || !((m, id[h]) in stub_of)) {
				if (!s)
					complain(path[f] ":" line_of[h], "no section of " path[m] " with .back is called " (id[h] ? id[h] : title[h]))
				continue
			}
			i = stub_of[m, id[h]]
			if (level[i] != level[h] || title[i] != title[h])
				complain(path[f] ":" line_of[h], "the heading is another one in " path[m] ":" line_of[i])
			if (id[h] in body)
				complain(path[f] ":" line_of[h], id[h] " is in two rooms")
			body[id[h]] = h
			file_of[id[h]] = f
			if (s)
				end_of[s] = h
			s = h
		}
		h = first_heading[f]
		if (h > last_heading[f])
			complain(path[f] ":1", "a room has sections, and this one has none")
		else
			check_front(f, where[h])
	}
	for (h = first_heading[m]; h <= last_heading[m]; h++)
		if (stub[h] && !(id[h] in body))
			complain(path[m] ":" line_of[h], "no room has the section " id[h])
}

# Nothing stands before a room's first section but comments.
function check_front(f, to,    i)
{
	for (i = first[f]; i < to; i++)
		if (token[i] ~ /^@begin code/) {
			complain(path[f] ":1", "code before the first section")
			return
		} else if (token[i] ~ /^@text .*[^ \t]/ && token[i] !~ /^@text <!--/) {
			complain(path[f] ":1", "text before the first section")
			return
		}
}

function put_chapter(m, e,    h, from, previous)
{
	print "@chapter " folder(path[m])
	find_bodies(m, e)
	from = previous = 0
	for (h = first_heading[m]; h <= last_heading[m]; h++) {
		if (previous) {
			put(m, from, h)
			from = h
			put(file_of[id[previous]], body[id[previous]], end_of[body[id[previous]]])
		}
		previous = stub[h] && (id[h] in body) ? h : 0
	}
	put(m, from, 0)
	if (previous)
		put(file_of[id[previous]], body[id[previous]], end_of[body[id[previous]]])
	for (h in body)
		delete body[h]
}

END {
	end_file()
	for (m = 1; m <= files; m = e + 1) {
		e = m
		if (path[m] ~ /\/main\.nw$/)
			while (e < files && path[e + 1] !~ /\/main\.nw$/ &&
			       index(path[e + 1], folder(path[m]) "/") == 1)
				e++
		put_chapter(m, e)
	}
	exit mistakes > 0
}
