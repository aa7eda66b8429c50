#!/usr/bin/env python3
"""tidy - the house rules a machine can check. Prints file:line: rule: what; exit 1 when there is anything to print.

The layer table below and the libraries of CMakeLists.txt say the same thing twice on purpose: the linker finds a call
that crosses a layer, this finds an include that does, and names the line.
"""
import json
import os
import re
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
FILE_LINES_MEDIAN_MAX = 250
COLUMNS_MAX = 120  # as .clang-format; what it cannot break (tables, long strings) too

# folder -> what its files may include ("folder/" or one header); a folder may always include itself.
LAYERS = {
    'server/base': [],
    'server/workflow': ['base/'],
    'server/db': ['base/'],
    'server/blob': ['base/'],
    'workers': ['base/', 'workers/shim/dlib.h', 'workers/shim/code.h'],
    'workers/shim': ['base/', 'workers/face.h', 'workers/weights.h'],
    'server/store': ['base/', 'db/', 'workflow/', 'blob/'],
    'server/http': ['base/', 'store/store.h'],
    'server/api': ['base/', 'workflow/', 'store/', 'http/', 'blob/', 'workers/profile.h'],
    'server/dispatch': ['base/', 'workflow/', 'store/', 'blob/', 'workers/protocol.h', 'workers/profile.h'],
    'server/dispatch/standin': ['base/', 'dispatch/'],
}
FREE = ('server', 'tests', 'tools')  # main and the command line know all; tests include what they test

# A header of somebody else's -> the only files that may include it.
FOREIGN = {
    r'sqlite3\.h': ['server/db/db_sqlite.c'],
    r'sodium\.h': ['server/base/crypt.c', 'server/base/keyring.c', 'server/blob/seal.c'],
    r'h2o(\.h|/)': ['server/http/'],
    r'uv\.h': ['server/http/', 'server/dispatch/'],
    r'openssl/': ['server/http/', 'server/base/crypt.c', 'server/base/pki.c'],
    r'zlib\.h': ['server/http/static_files.c'],
    r'curl/': ['server/dispatch/client.c'],
    r'zip\.h': ['server/dispatch/archive.c', 'server/store/xlsx_part.c'],
    r'vips/': ['workers/image.c', 'workers/jpeg.c', 'workers/png.c', 'workers/warmup.c', 'workers/worker.c'],
    r'(cairo|pango|fontconfig)': ['workers/sheet.c', 'workers/annotate.c', 'workers/poster.c'],
    r'cblas\.h': ['workers/net.c'],
    r'tesseract/': ['workers/ocr.c'],
    r'cjson/': ['server/base/json.c'],
    r'expat\.h': ['server/base/xml.c', 'server/store/xlsx_part.c'],
    r'seccomp\.h': ['workers/sandbox.c'],
    r'linux/landlock\.h': ['workers/sandbox.c'],
    r'dlib/': ['workers/shim/', 'tests/bench/'],
    r'ZXing/': ['workers/shim/'],
    r'qrencode\.h': ['workers/qr.c', 'tests/lib/code_draw.c'],
}

BANNED = {name: use for names, use in (
    ('strcpy strcat sprintf vsprintf strtok', 'buf, arena_printf or snprintf'),
    ('gmtime localtime asctime ctime', 'base/clock.h'),
    ('atoi atol', 'base/text.h'),
    ('gets alloca', 'a bounded buffer'),
    ('system popen', 'posix_spawn with an argument list'),
    ('rand srand random', 'base/crypt.h'),
) for name in names.split()}

WEB_BANNED = {
    r'\.(innerHTML|outerHTML)\b|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML': 'markup from text',
    r'\beval\s*\(|new\s+Function\s*\(': 'code from text',
    r'javascript:': 'code in a URL',
    r'localStorage[^;\n]*(token|csrf|password)': 'secret in web storage',
}
HTML_BANNED = {
    r'<[^>]*\son[a-z]+\s*=': 'inline handler',
    r'<[^>]*\sstyle\s*=': 'inline style',
    r'<script(?![^>]*\ssrc=)': 'inline script',
    r'<style': 'inline style',
}

TOP = {'CMakeLists.txt', 'server', 'web', 'migrations', 'workers', 'tests', 'tools', 'README.md', 'LICENSE'}
SQL = re.compile(r'^\s*(SELECT\s|INSERT\s+INTO\s|INSERT\s+OR\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s)')
SQL_ALLOWED = ('server/db/db_sqlite.c', 'server/db/migrate.c', 'tests/')
STATE_WRITER = 'server/store/transition.c'
STATE_MAKERS = ('server/cli_fill.c',)  # made-up rows in any state, to measure with

found = []


def report(path, line, rule, what):
    found.append((path, line, rule, what))


def list_files():
    """Tracked and new files, without what git ignores; outside of git every file that looks like a source."""
    try:
        out = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '-z'], cwd=ROOT, check=True,
                             capture_output=True, text=True).stdout
        names = [name for name in out.split('\0') if name]
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, files in os.walk(ROOT):
            folders[:] = [f for f in folders if f not in ('.git', 'node_modules', 'data', 'vendor') and
                          not f.startswith('build')]
            names += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files]
    return sorted(name for name in names if os.path.isfile(os.path.join(ROOT, name)))


def read(path):
    """The text of a file, or None when it is not text."""
    with open(os.path.join(ROOT, path), 'rb') as file:
        data = file.read()
    try:
        return None if b'\0' in data else data.decode('utf-8')
    except UnicodeDecodeError:
        return None


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def without(text, comments=True, strings=True):
    """The text with comments and the insides of strings blanked, line numbers unchanged."""
    def blank(match):
        token = match.group(0)
        is_string = token[0] in '"\''
        if (is_string and not strings) or (not is_string and not comments):
            return token
        return re.sub(r'[^\n"\']', ' ', token) if is_string else re.sub(r'[^\n]', ' ', token)
    return TOKEN.sub(blank, text)


def line_of(text, at):
    return text.count('\n', 0, at) + 1


def check_text(path, text):
    if path.startswith('tests/fuzz/seeds/'):
        return
    for number, line in enumerate(text.split('\n'), 1):
        if line != line.rstrip():
            report(path, number, 'space', 'white space at the end of the line')
        if '\t' in line and path.endswith(('.c', '.h', '.cc', '.hh', '.def', '.js', '.mjs', '.py', '.css')):
            report(path, number, 'space', 'tab')
        if path != 'tools/tidy.py' and re.search(r'\b(TODO|FIXME|XXX|HACK)\b(?!XXX)', line) and 'XXXXXX' not in line:
            report(path, number, 'unfinished', line.strip()[:60])
        if re.search(r'(?<![\w.])/(work|farm|root|home)/\w', line):
            report(path, number, 'machine', 'a path of one machine')
        if re.search(r'registry\.npmjs|deb\.debian\.org|nodesource', line) and path != 'tools/tidy.py':
            report(path, number, 'machine', 'the host name of a registry')
    if text and not text.endswith('\n'):
        report(path, text.count('\n') + 1, 'space', 'no newline at the end')


def check_size(path, text):
    lines = text.count('\n')
    if lines > FILE_LINES_MAX and not path.endswith(('.def', '.yaml')) and not re.search(r'/golden/|^web/i18n/', path):
        report(path, lines, 'size', f'{lines} lines; a file has at most {FILE_LINES_MAX}')


def folder_of(path):
    return os.path.dirname(path)


def check_includes(path, text):
    folder = folder_of(path)
    allowed = LAYERS.get(folder)
    own = folder.removeprefix('server/') + '/'
    if allowed is None and folder.split('/')[0] not in FREE:
        report(path, 1, 'layer', 'this folder is not in the layer table of tools/tidy.py')
    for match in re.finditer(r'^#include\s+([<"])([^>"]+)[>"]', text, re.M):
        quote, header = match.groups()
        number = line_of(text, match.start())
        for pattern, files in FOREIGN.items():
            if re.match(pattern, header) and not any(path == f or (f.endswith('/') and path.startswith(f)) for f in files):
                if not path.startswith(('tests/', 'build')):
                    report(path, number, 'foreign', f'{header} belongs to {", ".join(files)}')
        if quote == '"' and '/' in header and allowed is not None:
            if not header.startswith(own) and not any(header == a or (a.endswith('/') and header.startswith(a))
                                                      for a in allowed):
                report(path, number, 'layer', f'{folder} may not include {header}')
        if quote == '"' and allowed is not None and '..' in header:
            report(path, number, 'layer', 'an include path is spelled from server/ or the root')


def check_calls(path, bare):
    for match in re.finditer(r'(?<![\w.>])(' + '|'.join(BANNED) + r')\s*\(', bare):
        report(path, line_of(bare, match.start()), 'banned', f'{match.group(1)}: use {BANNED[match.group(1)]}')
    if path.startswith('tests/') and path.endswith('.c'):
        for match in re.finditer(r'(?<![\w.>])(sleep|usleep|nanosleep)\s*\(', bare):
            report(path, line_of(bare, match.start()), 'sleep', 'a test moves the clock, it does not sleep')


def check_functions(path, bare):
    began = None
    for number, line in enumerate(bare.split('\n'), 1):
        if line.startswith('{'):
            began = number
        elif line.startswith('}') and began is not None:
            if number - began - 1 > FUNCTION_LINES_MAX:
                report(path, began, 'size', f'{number - began - 1} lines; a function has at most {FUNCTION_LINES_MAX}')
            began = None


SHAPES = {
    r'(?<![\w])(if|for|while|switch)\(': 'a space between the word and its bracket',
    r'\}(else|while)\b': 'a space after the brace',
    r'(?m)^(?!#|struct|enum|union|static const|extern|TEST|\s|\}|typedef|namespace)\w[^=;\n]*\)[ ]*\{$':
        "a function's brace stands on a line of its own",
}


def check_shape(path, bare):
    for pattern, what in SHAPES.items():
        for match in re.finditer(pattern, bare):
            report(path, line_of(bare, match.start()), 'shape', what)


def check_sql(path, text):
    if path.endswith('.def') or path.startswith(SQL_ALLOWED) or path in SQL_ALLOWED:
        return
    for match in re.finditer(r'"((?:\\.|[^"\\\n])*)"', without(text, strings=False)):
        if SQL.match(match.group(1)):
            report(path, line_of(text, match.start()), 'sql', 'a statement outside of queries.def')


DECLARATION = re.compile(r'^(?!static|typedef|#|extern "C"|struct \w+ \{|enum|union|_Static_assert|\s|\}|/)'
                         r'[\w][\w\s\*]*?\b(\w+)\([^;{}]*?\)[^;{}]*;', re.M)
DECLARATION_ENUM = re.compile(r'^(enum \w+ \**(\w+)\([^;{}]*?\)[^;{}]*;)', re.M)


def check_header(path, text):
    if not re.match(r'(/\*|//) \S', text):
        report(path, 1, 'contract', 'a header begins with what it is for')
    guard = re.search(r'^#ifndef (\w+)\n#define (\w+)$', text, re.M)
    if guard is None or guard.group(1) != guard.group(2) or not re.match(r'XY_\w+_HH?$', guard.group(1)):
        report(path, 1, 'guard', 'no guard XY_…_H')
    opening = text[:text.find('#ifndef')]
    stem = os.path.splitext(os.path.basename(path))[0]
    bare = without(text)
    paragraphs = []  # (first line, last line, has a comment)
    at = 1
    for block in re.split(r'\n[ \t]*\n', text):
        lines = block.count('\n') + 1
        paragraphs.append((at, at + lines - 1, '/*' in block))
        at += lines + 1
    for pattern, name_group in ((DECLARATION, 1), (DECLARATION_ENUM, 2)):
        for match in pattern.finditer(bare):
            number, name = line_of(bare, match.start()), match.group(name_group)
            parts = [part for part in name.removeprefix(stem + '_').split('_') if len(part) > 2]
            documented = name in opening or any(part in opening for part in parts)
            for index, (first, last, has_comment) in enumerate(paragraphs):
                if first <= number <= last:
                    documented |= has_comment or (index > 1 and paragraphs[index - 1][2])
            if not documented:
                report(path, number, 'contract', f'{name}: no comment near it says what it does')


def check_state_writer(sources):
    """Statements that set submission.state may be run by transition.c only."""
    names = []
    for path, text in sources.items():
        if path.startswith('server/store/') and path.endswith('.def'):
            for match in re.finditer(r'^QS?\((\w+),(.*?)(?=^QS?\(|\Z)', text, re.M | re.S):
                sql = ''.join(re.findall(r'"((?:\\.|[^"\\])*)"', match.group(2)))
                if re.search(r'UPDATE submission SET (?:(?!WHERE|RETURNING).)*\bstate\s*=', sql):
                    names.append(match.group(1))
    if not names:
        report(STATE_WRITER, 1, 'state', 'no statement writes submission.state: has the rule lost its object?')
    for path, text in sources.items():
        if path.endswith('.c') and path != STATE_WRITER and path not in STATE_MAKERS and not path.startswith('tests/'):
            for name in names:
                for match in re.finditer(rf'\bQ_{name}\b|\(tx, (?:\w+, )?{name}\b', without(text)):
                    report(path, line_of(text, match.start()), 'state', f'{name} moves a submission: only transition.c may')


# A table -> how its rows begin, and how the program spells one that it uses.
USED = {
    'server/store/queries': (r'^QS?\((\w+)', ('Q_%s', '%s')),
    'server/config.def': (r'^KNOB\((\w+)', ('.%s', '->%s')),
    'server/base/err.def': (r'^ERR\((\w+)', ('ERR_%s',)),
}


def check_unused(sources):
    """Rows of a table that neither the program nor a test asks for."""
    words = set()
    for path, text in sources.items():
        if path.startswith(('server/', 'workers/', 'tests/')) and path.endswith(('.c', '.h', '.cc')):
            words.update(re.findall(r'(?:\.|->|\b)[A-Za-z_]\w*', without(text)))
    for path, text in sources.items():
        for table, (row, uses) in USED.items():
            if path.startswith(table) and path.endswith('.def'):
                for match in re.finditer(row, text, re.M):
                    if not any(use % match.group(1) in words for use in uses):
                        report(path, line_of(text, match.start()), 'unused', f'{match.group(1)}: nothing asks for it')


def check_web(path, text):
    banned = dict(WEB_BANNED, **(HTML_BANNED if path.endswith('.html') else {}))
    for pattern, what in banned.items():
        for match in re.finditer(pattern, text):
            report(path, line_of(text, match.start()), 'web', what)
    if path.endswith('.js') and path != 'web/shared/api.js':
        for match in re.finditer(r'(?<![\w.])fetch\s*\(|XMLHttpRequest', text):
            report(path, line_of(text, match.start()), 'web', 'requests go through web/shared/api.js')
    if path.endswith('.js'):
        for match in re.finditer(r'^\s*(?:import|export)\b[^;\n]*from\s+[\'"]([^.\'"/][^\'"]*)', text, re.M):
            report(path, line_of(text, match.start()), 'web', f'bare import {match.group(1)}: the pages run unbuilt')


def flat(tree, prefix=''):
    keys = set()
    for key, value in tree.items():
        keys |= flat(value, f'{prefix}{key}.') if isinstance(value, dict) else {prefix + key}
    return keys


def check_catalogues(sources):
    """Every catalogue in a folder named i18n has the same keys as its neighbours, and no empty text."""
    folders = {}
    for path, text in sources.items():
        if '/i18n/' in path and path.endswith('.json'):
            try:
                tree = json.loads(text)
            except json.JSONDecodeError as error:
                report(path, error.lineno, 'i18n', error.msg)
                continue
            folders.setdefault(folder_of(path), {})[path] = flat(tree)
            for key, value in tree.items():
                if value == '':
                    report(path, 1, 'i18n', f'{key} is empty')
    for folder, catalogues in folders.items():
        every = set().union(*catalogues.values())
        for path, keys in catalogues.items():
            missing = sorted(every - keys)
            if missing:
                report(path, 1, 'i18n', f'{len(missing)} keys are missing: {" ".join(missing[:8])}')
        for path, text in sources.items():
            if path.endswith('.js') and path.startswith(folder_of(folder) + '/'):
                for match in re.finditer(r"(?<![\w.$])t\('([\w.]+)'", text):
                    if match.group(1) not in every:
                        report(path, line_of(text, match.start()), 'i18n', f'{match.group(1)} is in no catalogue')


def check_json(path, text):
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        report(path, error.lineno, 'json', error.msg)


def check_c(path, text):
    bare = without(text)
    check_includes(path, text)
    check_calls(path, bare)
    check_functions(path, bare)
    if not path.endswith(('.cc', '.hh')):
        check_shape(path, bare)
    check_sql(path, text)
    if path.endswith(('.cc', '.hh')) and not path.startswith(('workers/shim/', 'tests/bench/')):
        report(path, 1, 'language', 'C++ lives in workers/shim only')
    if path.endswith(('.h', '.hh')):
        check_header(path, text)
    for number, line in enumerate(text.split('\n'), 1):
        if len(line) > COLUMNS_MAX:
            report(path, number, 'width', f'{len(line)} columns')
        if re.match(r'typedef\s+(struct|enum|union)\s*(\w+\s*)?\{|typedef\s+struct\s+\w+\s+\w+;', line):
            report(path, number, 'typedef', 'structs keep their names')


def main():
    paths = list_files()
    sources = {path: text for path in paths if (text := read(path)) is not None}
    for path in paths:
        top = path.split('/')[0]
        if top not in TOP and not top.startswith('.'):
            report(path, 1, 'layout', f'{top} has no place at the top')
    for path, text in sources.items():
        if path == 'tests/package-lock.json':
            continue
        check_text(path, text)
        check_size(path, text)
        if path.endswith(('.c', '.h', '.cc', '.hh')):
            check_c(path, text)
        if path.startswith('web/') and path.endswith(('.js', '.html', '.svg')):
            check_web(path, text)
        if path.endswith('.json'):
            check_json(path, text)
    check_state_writer(sources)
    check_unused(sources)
    check_catalogues(sources)
    modules = [text.count('\n') for path, text in sources.items()
               if path.endswith('.c') and path.startswith(('server/', 'workers/'))]
    median = statistics.median(modules)
    if median > FILE_LINES_MEDIAN_MAX:
        report('server', 1, 'size', f'the median file has {median:.0f} lines; at most {FILE_LINES_MEDIAN_MAX}')
    for path, line, rule, what in sorted(found):
        print(f'{path}:{line}: {rule}: {what}')
    print(f'tidy: {len(sources)} files, {len(modules)} C modules (median {median:.0f} lines), {len(found)} findings')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
