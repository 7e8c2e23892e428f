"""The scripts that complete in bash, zsh and fish, and how each shell is told what there is.

click has such scripts, too. These know of words that are to be gone on with (`tag:`: no space comes behind it), of
commas in a word, and in bash of the signs at which it cuts a word into several.
"""

from __future__ import annotations

import os
import re
from typing import Any, ClassVar, NamedTuple

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

BASH = """\
%(complete_func)s() {
    local response type value
    response=$(env COMP_WORDS="${COMP_LINE:0:COMP_POINT}" COMP_CWORD="$COMP_CWORD" COMP_BREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete $1 2>/dev/null)

    COMPREPLY=()
    while IFS=',' read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            open) compopt -o nospace; COMPREPLY+=("$value") ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done <<< "$response"
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a bare described open response
    local type key descr
    (( ! $+commands[%(prog_name)s] )) && return 1

    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) %(complete_var)s=zsh_complete \\
        %(prog_name)s 2>/dev/null)}")

    for type key descr in ${response}; do
        case $type in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            open) open+=("$key") ;;
            plain) if [[ "$descr" == "_" ]]; then bare+=("$key"); else described+=("$key":"$descr"); fi ;;
        esac
    done

    [[ -n "$described" ]] && _describe -V unsorted described -U
    [[ -n "$bare" ]] && compadd -U -V unsorted -a bare
    [[ -n "$open" ]] && compadd -U -S '' -V unsorted -a open
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    # autoload from fpath, call function directly
    %(complete_func)s "$@"
else
    # eval/source/. command, register function for later
    compdef %(complete_func)s %(prog_name)s
fi
"""

FISH = """\
function %(complete_func)s;
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -ct) \\
        %(prog_name)s 2>/dev/null);

    for completion in $response;
        set -l parts (string split -m 1 "," -- $completion);
        switch $parts[1];
            case dir;
                __fish_complete_directories $parts[2];
            case file;
                __fish_complete_path $parts[2];
            case plain open;
                echo $parts[2];
        end;
    end;
end;

complete --no-files --keep-order --command %(prog_name)s --arguments "(%(complete_func)s)";
"""
# fish itself puts no space behind a word that ends with a colon.

QUOTES = "\"'"


class WithOption(ShellComplete):
    """Offers whole words: click gives what is behind the sign of `--select=sa`, and shells put it in place of all."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        option, equals, _ = incomplete.partition("=")
        found = super().get_completions(args, incomplete)
        for each in found if equals and option.startswith("-") else ():
            each.value = f"{option}={each.value}"
        return found


class Bash(WithOption, BashComplete):
    """Is given the line up to the cursor, since bash cuts words at `:` and `@`, and replaces only what is behind."""

    source_template: ClassVar[str] = BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)
        incomplete = words.pop() if words and typed(line, "").has_begun else ""
        return words[1:], incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        return f"{item.type},{as_typed(item.value, os.environ['COMP_WORDS'], os.environ.get('COMP_BREAKS', ''))}"


class Zsh(WithOption, ZshComplete):
    source_template: ClassVar[str] = ZSH


class Fish(WithOption, FishComplete):
    source_template: ClassVar[str] = FISH


class Typed(NamedTuple):
    """How a line ends: in a word that `has_begun`, in an open `quote`, `kept` letters before what bash replaces."""

    has_begun: bool
    quote: str
    kept: int


def typed(line: str, breaks: str) -> Typed:
    """Look at the last word of a line as bash does, which cuts it behind each of `breaks` and where a quote opens."""
    has_begun, is_escaped, quote, length, kept = False, False, "", 0, 0
    for letter in line:
        if not quote and not is_escaped and letter.isspace():
            has_begun, length, kept = False, 0, 0
            continue
        has_begun = True
        if not is_escaped and letter == "\\" and quote != "'":
            is_escaped = True
            continue
        if not is_escaped and letter == quote:
            quote = ""
        elif not is_escaped and not quote and letter in QUOTES:
            quote, kept = letter, length
        else:
            # What follows an `@` may be a host, so that bash takes the sign along.
            if letter in breaks and not quote and not is_escaped:
                kept = length if letter == "@" else length + 1
            length += 1
        is_escaped = False
    return Typed(has_begun, quote, kept)


def as_typed(value: str, line: str, breaks: str) -> str:
    """What stands for a word in bash, behind what it keeps, and in the quotes that are open."""
    end = typed(line, breaks)
    rest = value[end.kept :]
    if end.quote == "'":
        return rest.replace("'", r"'\''")
    return re.sub(r"""(["\\$`])""" if end.quote else r"""([\s"'\\$`()<>;&|])""", r"\\\1", rest)


SHELLS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def use_ours() -> None:
    """Have click answer with these."""
    for name, shell in SHELLS.items():
        add_completion_class(shell, name)
