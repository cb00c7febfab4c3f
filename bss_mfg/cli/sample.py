"""sample: which packages to check."""

from __future__ import annotations

import click

from bss_mfg.cli.common import App, counted, json_option, pass_app, print_json, say, table


@click.command(epilog="Example: bss-mfg sample bulb-2026-11 --plan aql-1.0")
@click.argument("batch_id", metavar="BATCH")
@click.option("--plan", "name", default="aql-1.0", show_default=True, help="Acceptance quality limit, in percent.")
@click.option("--inspection", type=click.Choice(["auto", "normal", "tightened", "reduced"]), default="auto",
              show_default=True, help="auto: as the switching rules say, reduced only if asked for.")  # fmt: skip
@click.option("--again", is_flag=True, help="Draw a new sample by the same plan.")
@json_option
@pass_app
def sample(app: App, batch_id: str, name: str, inspection: str, again: bool, as_json: bool) -> None:
    """Draw the packages of a batch to check: ISO 2859-1, single sampling, level II.

    Says which and how many, and with how many wrong ones the batch is accepted. Scan their labels, then
    `bss-mfg verify BATCH FILES --sample` decides. The same command twice shows the same sample.
    """
    from bss_mfg.verify.sample_draws import advised, draw_sample, places
    from bss_mfg.verify.sampling import INSPECTIONS, aql_of

    aql = aql_of(name)
    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batch(batch_id)
        advice, why = advised(ledger, batch.product, aql)
        chosen = next((known for known in INSPECTIONS if known == inspection), advice)
        if inspection == "auto" and chosen == "reduced":
            chosen = "normal"
            say(f"Note: reduced inspection would be allowed: {why}. It takes --inspection reduced.")
        draw, new = draw_sample(ledger, batch, aql, chosen, again)
        rows = list(places(ledger, batch, draw.numbers))
    if as_json:
        print_json(
            {
                "batch": batch_id, "aql": aql, "inspection": chosen, "advice": {"inspection": advice, "why": why},
                "lot": draw.plan.lot, "letter": draw.plan.letter, "sample": draw.plan.sample,
                "accept": draw.plan.accept, "reject": draw.plan.reject, "seed": draw.seed, "packages": rows,
            }
        )  # fmt: skip
    else:
        click.echo(draw.plan.words)
        table(
            [(str(row["package"]), str(row["serials"]), str(row["file"] or "no label yet"), str(row["page"] or ""),
              "" if row["x_mm"] is None else f"{row['x_mm']} / {row['y_mm']}") for row in rows],
            ("package", "serials", "file", "page", "mm from left / top"),
        )  # fmt: skip
    if inspection == "auto":
        say(f"Inspection: {chosen}, since {why}" if chosen == advice else f"Inspection: {chosen}")
    say(f"OK: {counted(draw.plan.sample, 'package')} to check" + ("" if new else ", as drawn before"))
