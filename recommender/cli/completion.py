"""``completion``: the script by which a shell completes commands and options."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print what SHELL reads at its start to complete commands: `eval "$(recommender completion bash)"`."""
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"{shell} is none of the shells that are known; give bash, zsh or fish")
    click.echo(made(context.find_root().command, {}, "recommender", "_RECOMMENDER_COMPLETE").source())
    return 0
