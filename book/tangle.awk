# tangle.awk: the token stream of all chapters in, of one checkpoint out.
#
# usage: RENAMED="FILE=NAME…" \
#        awk -v keep=TOKENS -v plain=0|1 -v manifest=FILE -f tangle.awk
#
# The manifest gets the name of each file, and how many lines it has.
#
# The first `keep` tokens of book/stream make the checkpoint; the rest are read
# only to know what later chapters define. On the way:
#
#  - a hook (used here, defined only later) is empty;
#  - <<replace: NAME>>= takes the earlier definitions of NAME away;
#  - each file is expanded here, since what a chunk includes shall be indented
#    as its name is and yet have #line directives; mnt only writes the files;
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
}

/^@line / { line = substr($0, 7) + 0 }

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
	if (NR <= keep) {
		live[name] = 1
		begin_definition(name)
	}
	chunk = name
	at_head = 1
}

/^@begin code/ { in_code = 1 }
/^@end code/   { in_code = 0 }

in_code && /^@text / {
	text = substr($0, 7)
	if (used_here != "" && text ~ /^[ \t]+$/)
		complain(here(), "<<" used_here ">> must stand alone on its line; take away the blanks behind it")
	else if (used_here != "" && text != "")
		complain(here(), "<<" used_here ">> must stand alone on its line; text follows it: " text)
	before = before text
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
}

/^@nl$|^@index nl/ {
	check_source_line()
	if (in_code && !at_head && NR <= keep)
		keep_line(before, used_here, file in called ? called[file] : file, line)
	continued = in_code && before ~ /\\$/
	before = used_here = ""
	at_head = 0
	line++
}

# --- the lines of a chunk: of all its definitions in one generation

function begin_definition(name)
{
	into = name SUBSEP (generation[name] + 0)
	appended = lines[into] > 0
}

function keep_line(text, use, place, number,    n)
{
	n = ++lines[into]
	after_function[into, n] = appended && line_text[into, n - 1] ~ /^}/
	appended = 0
	line_text[into, n] = text
	line_use[into, n] = use
	line_file[into, n] = place
	line_number[into, n] = number
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

# Two names of one file would overwrite each other.
function check_path(name,    folder)
{
	if (name ~ /^\/|(^|\/)\.\.(\/|$)/)
		complain(defined_at[name], "<<" name ">> would be a file outside the tree")
	else if (name ~ /(^|\/)\.(\/|$)|\/\/|\/$/)
		complain(defined_at[name], "<<" name ">> has another name too; a path is written without “./”, “//” and a “/” at its end")
	else if (name ~ /^(obj\/|loom\.(elf|iso)$|\.manifest$|\.tangle\.|\.git\/|compile_commands\.json$)/)
		complain(defined_at[name], "<<" name ">> is what a build or the tangle writes there; choose another name")
	for (folder = name; sub(/\/[^\/]*$/, "", folder); )
		if (folder in defined_at && is_root(folder))
			complain(defined_at[name], "<<" name ">> is in a folder, and <<" folder ">> is a file")
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
		if (is_root(name))
			check_path(name)
		visit(name)
	}
}

# --- files

# A line of a file; of C with the place it comes from, if that is not the next
# one. Where a hook was empty, two empty lines become one.
function put(text, place, number)
{
	if (text == "" && blank)
		return
	blank = text == ""
	if (directives && !blank) {
		if (place != at_file || number != at_line) {
			print "@text #line " number " \"" place "\"\n@nl"
			length_of++
		}
		at_file = place
		at_line = number + 1
	} else if (blank)
		at_line++
	print "@text " text "\n@nl"
	length_of++
}

# What a chunk includes is indented as its name is. A function gets an empty
# line before it if the definition before this one ended with another.
function expand(name, indent,    key, i)
{
	key = name SUBSEP (generation[name] + 0)
	for (i = 1; i <= lines[key]; i++) {
		if (after_function[key, i] && indent == "")
			put("", "", 0)
		if (line_use[key, i] == "")
			put(line_text[key, i] == "" ? "" : indent line_text[key, i],
				line_file[key, i], line_number[key, i])
		else if (line_use[key, i] in live)
			expand(line_use[key, i], indent line_text[key, i])
	}
}

function emit(name)
{
	print "@begin code 0\n@defn " name "\n@nl"
	directives = has_line_directives(name)
	at_file = ""
	blank = length_of = 0
	expand(name, "")
	print "@end code 0"
}

END {
	check_names()
	if (mistakes)
		exit 1
	print "@file chapters"
	for (name in live)
		if (is_root(name)) {
			emit(name)
			if (length_of)      # else it is no file, yet
				print name, length_of > manifest
		}
}
