"""`assetflow completion`: the script that completes commands, options and asset names in a shell."""

from __future__ import annotations

import os

import click

from assetflow.cli.options import project_option
from assetflow.cli.screen import put
from assetflow.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", required=False, type=click.Choice(SHELLS))
@project_option
@click.pass_context
def command(context: click.Context, shell: str | None, project: str | None) -> None:
    """Print the script that completes asset names in your shell (default: the shell of $SHELL).

    \b
    bash   echo 'eval "$(assetflow completion bash)"' >> ~/.bashrc
    zsh    echo 'eval "$(assetflow completion zsh)"' >> ~/.zshrc
    fish   assetflow completion fish > ~/.config/fish/completions/assetflow.fish
    """  # noqa: D301 - click takes the character itself for "do not wrap"
    shell = shell or shell_of_user()
    from assetflow.cli.shells import SHELLS as scripts

    put(scripts[shell](context.find_root().command, {}, "assetflow", "_ASSETFLOW_COMPLETE").source())


def shell_of_user() -> str:
    """The shell that $SHELL names."""
    name = os.path.basename(os.environ.get("SHELL", ""))
    if name not in SHELLS:
        said = f"$SHELL is {name}" if name else "$SHELL is not set"
        raise UsageError(f"{said}: which shell is it for?", hint=f"Name one: assetflow completion {'|'.join(SHELLS)}")
    return name
