# tangle.awk: the token stream of all chapters in, of one checkpoint out.
#
# usage: RENAMED="FILE=NAME…" \
#        awk -v keep=TOKENS -v plain=0|1 -v manifest=FILE -f tangle.awk
#
# The first `keep` tokens of book/stream make the checkpoint; the rest are read
# only to know what later chapters define. On the way:
#
#  - a hook (used here, defined only later) loses its reference and is empty;
#  - <<replace: NAME>>= takes the earlier definitions of NAME away;
#  - a root's name gets a `*` where mnt shall write #line directives;
#  - every mistake noweb would pass over in silence is reported.

function complain(place, message)
{
	print place ": " message > "/dev/stderr"
	mistakes++
}

function here()
{
	return file ":" line
}

function is_root(name)
{
	return name ~ /^[A-Za-z0-9_+.\/-]+$/ && name ~ /[.\/]|^Makefile$/
}

function has_line_directives(name)
{
	return !plain && name ~ /\.[chS]$/
}

BEGIN {
	n = split(ENVIRON["RENAMED"], pair, "\n")
	for (i = 1; i <= n; i++)
		if (split(pair[i], side, "=") == 2)
			called[side[1]] = side[2]
}

{ token[NR] = $0 }

function source_line(name, number,    n)
{
	if (!(name in known)) {
		known[name] = 1
		while ((getline source_of[name, ++n] < name) > 0)
			;
		close(name)
	}
	return source_of[name, number]
}

# noweb takes a << that it cannot pair, and any >>, for itself; the next change
# to the line may pair it. Tokens do not show the @, so look at the source.
function check_source_line(    source, shift)
{
	if (!in_code)
		return
	source = source_line(file, line)
	if (used_here != "" || source ~ /^<<.*>>=/)
		return
	gsub(/@<<|@>>/, "", source)
	if (match(source, /<<|>>/)) {
		shift = substr(source, RSTART, 2)
		complain(here(), shift " is written @" shift " in code")
	}
}

/^@file / {
	file = substr($0, 7)
	line = 1
	if (file in called)
		token[NR] = "@file " called[file]
}

# mnt counts from the line before.
/^@line / {
	line = substr($0, 7) + 0
	token[NR] = "@line " (line + 1)
}

/^@chapter / { drop[NR] = 1 }

/^@fatal / {
	complain(here(), "noweb stopped here: " substr($0, 8))
}

# Replacing a chunk makes a new generation of it; only the last one is kept.
/^@defn / {
	name = substr($0, 7)
	if (name ~ /^replace: /) {
		name = substr(name, 10)
		if (!(name in defined_at))
			complain(here(), "replaces <<" name ">>, which nothing before it defines")
		if (NR <= keep)
			generation[name]++
	}
	if (!(name in defined_at))
		defined_at[name] = here()
	if (NR <= keep)
		live[name] = 1
	chunk_of[NR] = name
	generation_of[NR] = generation[name] + 0
	chunk = name
}

/^@begin code/ { in_code = 1 }
/^@end code/   { in_code = 0 }

in_code && /^@text / {
	text = substr($0, 7)
	if (used_here != "" && text != "")
		complain(here(), "<<" used_here ">> must stand alone on its line; text follows it: " text)
	before = before text
	if (text != "")
		text_token = NR
}

in_code && /^@use / {
	used_here = substr($0, 6)
	if (before ~ /[^ \t]/)
		complain(here(), "<<" used_here ">> must stand alone on its line; a shift is written @<<")
	if (continued)
		complain(here(), "<<" used_here ">> follows a line continued by a backslash")
	if (!(used_here in used_at))
		used_at[used_here] = here()
	if (!((chunk, used_here) in edge)) {
		edge[chunk, used_here] = 1
		callee[chunk, ++callees[chunk]] = used_here
	}
	use_of[NR] = used_here
	indent_of[NR] = text_token
}

/^@nl$|^@index nl/ {
	check_source_line()
	if (used_here != "")
		newline_of[NR] = used_here
	continued = in_code && before ~ /\\$/
	before = used_here = ""
	text_token = 0
	line++
}

# A chunk that contains itself would expand for ever.
function visit(name,    i)
{
	if (state[name] == "done")
		return
	if (state[name] == "open") {
		complain(defined_at[name], "<<" name ">> contains itself")
		return
	}
	state[name] = "open"
	for (i = 1; i <= callees[name]; i++)
		visit(callee[name, i])
	state[name] = "done"
}

function check_names(    name)
{
	for (name in used_at)
		if (!(name in defined_at))
			complain(used_at[name], "<<" name ">> is used here and defined in no chapter")
	for (name in defined_at) {
		if (!(name in used_at) && !is_root(name))
			complain(defined_at[name], "<<" name ">> is defined here and used nowhere")
		if (name in used_at && is_root(name))
			complain(used_at[name], "<<" name ">> is a file and cannot be part of another chunk")
		if (is_root(name) && name ~ /^\/|(^|\/)\.\.(\/|$)/)
			complain(defined_at[name], "<<" name ">> would be a file outside the tree")
		visit(name)
	}
}

function emit_definition(i,    name)
{
	name = chunk_of[i]
	if (generation_of[i] < generation[name])
		print "@defn replaced " i
	else
		print "@defn " name (is_root(name) && has_line_directives(name) ? "*" : "")
}

# Definitions that are appended to one another mostly begin without an empty
# line; in plain C a function gets one before it if another ended there.
function note_line(i)
{
	if (token[i] ~ /^@begin docs/)
		emitting = ""
	if (token[i] ~ /^@text /)
		written = written substr(token[i], 7)
	if (token[i] != "@nl")
		return
	last_line[emitting] = written
	written = ""
	if (gap) {
		print "@nl"
		gap = 0
	}
}

function emit(    i)
{
	for (i = 1; i <= keep; i++)
		if (i in use_of && !(use_of[i] in live)) {
			drop[i] = 1
			drop[indent_of[i]] = 1
		}
	for (i = 1; i <= keep; i++) {
		if (i in drop)
			continue
		# The empty line of a hook keeps #line right; plain C needs none.
		if (plain && i in newline_of && !(newline_of[i] in live))
			continue
		if (i in chunk_of) {
			emit_definition(i)
			emitting = chunk_of[i] SUBSEP generation_of[i]
			gap = plain && last_line[emitting] ~ /^}/ &&
				(token[i + 2] != "@text " || token[i + 3] != "@nl")
			written = ""
		} else {
			print token[i]
			note_line(i)
		}
	}
}

END {
	check_names()
	if (mistakes)
		exit 1
	emit()
	for (name in live)
		if (is_root(name))
			print name > manifest
}
